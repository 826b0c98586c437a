/** The sessions of a pool, as its queue and its admission see them. */
import type { OffthreadError } from '../../errors.js';
import type { Call, CallSession } from '../call.js';

export interface PoolSessions {
  /** The sessions that have a lane. */
  readonly open: ReadonlySet<CallSession>;
  /** Whether a session waits for a lane, idle or not. */
  readonly waits: boolean;
  /** Whether a session waits for an idle lane; false while the sessions have as many lanes as they may. */
  readonly awaitsIdle: boolean;
  /**
   * Gives idle lanes to the sessions whose turn comes before that of a call; null: to all.
   * @returns whether the call may be dispatched: false while such a session waits for an idle lane.
   */
  passes(call: Call | null): boolean;
  /** Why a call cannot have its arguments: a pointer from another session. */
  refusal(call: Call): OffthreadError | null;
  /** Fails the sessions that wait for a lane. */
  refuseWaiting(error: OffthreadError): void;
}
