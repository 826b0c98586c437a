/** The data that a lane keeps about a call. The call itself belongs to a layer above. */
import type { BatchPlan, BatchViews, Lent } from '../../shared/memory/batch-layout.js';
import type { DeclaredFunction } from './declared-function.js';

/** The items of a call for many items. */
export interface TicketItems {
  readonly plan: BatchPlan;
  readonly count: number;
  /** The columns in shared memory of the caller, which lanes use directly if they can. */
  readonly lent: Lent;
  /** Writes the values of the items, except for lent columns. */
  write(views: BatchViews): void;
}

export interface Ticket {
  readonly id: number;
  readonly fn: DeclaredFunction;
  /** The checked arguments. Kept until the call settles; a lane that returns the call stores the call's bytes here. */
  args: readonly unknown[];
  /** Maximum number of unread chunks of the call's stream; 0 if it has none. */
  readonly highWaterMark: number;
  /** Most starts of the call, counting those that crashed a lane. Default 1. */
  readonly attempts?: number;
  /** Null for a single call. */
  readonly items: TicketItems | null;
}
