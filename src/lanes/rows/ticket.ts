/** What a lane remembers of a call it was given. The call itself is in a layer above. */
import type { BatchPlan, BatchViews, Lent } from '../../shared/memory/batch-layout.js';
import type { DeclaredFunction } from './declared-function.js';

/** The items of a call that stands for many. */
export interface TicketItems {
  readonly plan: BatchPlan;
  readonly count: number;
  /** What lies in shared memory of the caller's own: a lane that can take it from there does. */
  readonly lent: Lent;
  /** Writes their values, but for those that are lent. */
  write(views: BatchViews): void;
}

export interface Ticket {
  readonly id: number;
  readonly fn: DeclaredFunction;
  /** The checked arguments. Kept until the call settles; a lane that gives the call back puts its bytes here. */
  args: readonly unknown[];
  /** Chunks of its stream that may be unread; 0 where it has none. */
  readonly highWaterMark: number;
  /** Null for a call of its own. */
  readonly items: TicketItems | null;
}
