/** What a lane remembers of a call it was given. The call itself is a room above. */
import type { DeclaredFunction } from './declared-function.js';

export interface Ticket {
  readonly id: number;
  readonly fn: DeclaredFunction;
  /** The checked arguments. Kept until the call settles; a lane that gives the call back puts its bytes here. */
  args: readonly unknown[];
  /** Chunks of its stream that may be unread; 0 where it has none. */
  readonly highWaterMark: number;
}
