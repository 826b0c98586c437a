/** What a pool says about itself. */
import type { Distribution } from './counters.js';

/** A snapshot of a pool, as returned by `pool.stats()`. Counts are since its creation. */
export interface PoolStats {
  readonly name: string;
  readonly lanes: {
    /** Lanes asked for. */
    readonly total: number;
    /** Ready, with nothing to do. */
    readonly idle: number;
    /** Inside a call. */
    readonly busy: number;
    readonly starting: number;
    /** Given up, and still stuck in native code. */
    readonly lost: number;
  };
  /** Accepted calls that wait for a lane. */
  readonly queued: number;
  /** Calls that wait for room in the queue (`whenFull: 'wait'`). */
  readonly waiting: number;
  readonly running: number;
  readonly submitted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly timedOut: number;
  /** Calls that were never accepted: wrong arguments, a full queue, a closed pool. */
  readonly refused: number;
  /** Lanes given up since the pool was created, also those that came back. */
  readonly lanesLost: number;
  readonly lanesCrashed: number;
  /** Times that a listener of this pool threw. */
  readonly listenerErrors: number;
  /** Times that native code called a callback when its call had returned, or its owner was closed. */
  readonly lateCallbacks: number;
  /** ms from creation to start. */
  readonly waitMs: Distribution;
  /** ms from start to end. */
  readonly runMs: Distribution;
}
