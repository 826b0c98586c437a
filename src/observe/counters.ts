/** Counts and distributions of a pool's calls and lanes: always on, cheap. */
import { Durations } from './durations.js';

/** Every call is counted in `submitted` and, once, in one of the endings, or in `refused`. */
export class Counters {
  submitted = 0;
  /** Calls that have ended in any way. */
  ended = 0;
  failed = 0;
  cancelled = 0;
  timedOut = 0;
  /** Calls that never entered the queue: wrong arguments, a full queue, a closed pool. */
  refused = 0;
  /** Times that a call was run again after it had crashed its lane. */
  retried = 0;
  /** Lanes that were given up, because a call did not stop. */
  lanesLost = 0;
  /** Of these, processes that were killed. */
  lanesKilled = 0;
  /** Lanes that died by themselves. */
  lanesCrashed = 0;
  /** Lanes that were replaced because they reached `recycleAfter` or `recycleAboveMb`. */
  lanesRecycled = 0;
  readonly waits: Durations = new Durations();
  readonly runs: Durations = new Durations();

  get succeeded(): number {
    return this.ended - this.failed - this.cancelled - this.timedOut;
  }

  /** Calls accepted and not settled. A difference of counts that only grow: it cannot drift. */
  get pending(): number {
    return this.submitted - this.ended;
  }

  /** Counts how a call has ended. */
  end(ending: 'succeeded' | 'failed' | 'cancelled' | 'timed-out'): void {
    this.ended += 1;
    if (ending === 'succeeded') return;
    if (ending === 'failed') this.failed += 1;
    else if (ending === 'cancelled') this.cancelled += 1;
    else this.timedOut += 1;
  }
}
