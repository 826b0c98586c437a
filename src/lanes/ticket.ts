/** What a lane remembers of a call it was given. The call itself is a room above. */
import type { BatchPlan, BatchViews } from '../shared/batch.js';
import type { DeclaredFunction } from './declared-function.js';

/** The items of a call that stands for many. */
export interface TicketItems {
  readonly plan: BatchPlan;
  readonly count: number;
  /** Writes their values. */
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
