/** The statistics of a pool. */
import type { Distribution } from './durations.js';

/** A snapshot of a pool, as returned by `pool.stats()`. Counts are since its creation. */
export interface PoolStats {
  /** Name of the pool: the prefix of the names of its lanes. */
  readonly name: string;
  /** The kind of the pool's lanes. */
  readonly isolation: 'thread' | 'process';
  /** Whether lanes that die are replaced: `open` after too many deaths, `trial` while one is tried. */
  readonly breaker: 'closed' | 'open' | 'trial';
  /** The current lanes. */
  readonly lanes: {
    /** Configured number of lanes. */
    readonly total: number;
    /** Ready, without a call, and not leased to a session. */
    readonly idle: number;
    /** Inside a call. */
    readonly busy: number;
    /** Not ready yet. */
    readonly starting: number;
    /** Given up, and still stuck in native code. */
    readonly lost: number;
    /** Ready beyond `total`, to replace a lane that dies. */
    readonly spare: number;
  };
  /** The current sessions. */
  readonly sessions: {
    /** Sessions that have a lane; their lanes count as `busy` while they run a call. */
    readonly leased: number;
    /** Sessions that wait for a lane. */
    readonly waiting: number;
  };
  /** Accepted calls that wait for a lane. */
  readonly queued: number;
  /** Calls that wait for room in the queue (`whenFull: 'wait'`). */
  readonly waiting: number;
  /** Calls that run in a lane. */
  readonly running: number;
  /** Calls that were accepted. A batch of items (`map`, `mapColumns`) counts as one. */
  readonly submitted: number;
  /** Calls that have returned a value. */
  readonly succeeded: number;
  /** Calls that have failed. */
  readonly failed: number;
  /** Calls that were cancelled. */
  readonly cancelled: number;
  /** Calls that passed their timeout or deadline. */
  readonly timedOut: number;
  /** Calls that were never accepted: wrong arguments, a full queue, a closed pool. */
  readonly refused: number;
  /** Of those refused: calls that would have missed their deadlines (`refuseLate`). */
  readonly refusedLate: number;
  /** Lanes given up since the pool was created, including those that returned. */
  readonly lanesLost: number;
  /** Lanes that ended unexpectedly. */
  readonly lanesCrashed: number;
  /** Process lanes ended because their call was cancelled or timed out. */
  readonly lanesKilled: number;
  /** Lanes replaced because of `recycleAfter` or `recycleAboveMb`. */
  readonly lanesRecycled: number;
  /** Times that a call was run again after it had crashed its lane. */
  readonly retried: number;
  /** Times that a listener of this pool threw. */
  readonly listenerErrors: number;
  /** Times that native code called a callback after its call had returned, or its owner was closed. */
  readonly lateCallbacks: number;
  /** ms from creation to start. */
  readonly waitMs: Distribution;
  /** ms from start to end. */
  readonly runMs: Distribution;
}
