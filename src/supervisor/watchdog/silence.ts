/**
 * Detects process lanes that have work, run no call, and make no progress, for
 * example because of SIGSTOP. No other check finds them: they have not died, and
 * no call of theirs runs that could time out.
 *
 * Guarantee: a lane is killed only after looks that together span its allowed
 * time have found it in the same place. Time between looks beyond `LOOK_MS` does
 * not count, since the whole machine may have been suspended.
 */
import { Math } from '../../builtins.js';
import { RUNNING_STATES } from '../../shared/memory/states.js';
import type { CallSource } from '../call-source.js';
import { giveBack } from '../dispatch/give-back.js';
import type { JobLane } from '../job.js';

/** ms that a lane may take to start a call, to pass one that has ended, or to answer. */
const TAKE_MS = 5_000;
/** ms that a lane may take to load a library and run its constructors. */
const LOAD_MS = 20_000;
/** The same for a probe open, whose answer a caller awaits. */
const OPEN_MS = 15_000;
/** ms from giving work to a lane to the first look at it. */
export const FIRST_LOOK_MS = 1_000;
/** ms between looks, and the most that one look counts for. */
const LOOK_MS = 250;

interface Seen {
  /** Sequence of the row that the lane has to start or to pass. */
  readonly head: number;
  at: number;
  /** ms for which the lane has been at that row. */
  silent: number;
}

export class Silence {
  readonly #seen = new WeakMap<JobLane, Seen>();
  readonly #source: CallSource;

  constructor(source: CallSource) {
    this.#source = source;
  }

  /** Looks at a lane. @returns ms until the next look; Infinity for a lane that runs a call or has no work. */
  look(lane: JobLane, now: number): number {
    if (lane.kind === 'thread' || !owes(lane)) {
      this.#seen.delete(lane);
      return Infinity;
    }
    const { head } = lane.ring;
    let seen = this.#seen.get(lane);
    if (seen?.head !== head) {
      seen = { head, at: now, silent: 0 };
      this.#seen.set(lane, seen);
    }
    seen.silent += Math.min(now - seen.at, LOOK_MS);
    seen.at = now;
    if (seen.silent >= patienceWith(lane)) this.#end(lane, seen.silent);
    return LOOK_MS;
  }

  #end(lane: JobLane, silent: number): void {
    // Withdrawn first, so that the lane does not start a call while it is killed; it may have started one just before.
    giveBack(lane, this.#source);
    this.#source.pump();
    if (!owes(lane)) return;
    this.#seen.delete(lane);
    if (lane.loading && lane.opening !== null) {
      lane.overdue(
        `did not open ${lane.opening} within ${OPEN_MS} ms, and was killed`,
        'A constructor of the library hangs, or the file system of the library does not respond.',
      );
      return;
    }
    lane.overdue(
      `made no progress for ${Math.round(silent)} ms although it had work and was not in a call, and was killed by the pool`,
      'The process was stopped from outside (SIGSTOP, a debugger, a frozen container), or is blocked by a thread that native code has left behind.',
    );
  }
}

function patienceWith(lane: JobLane): number {
  // The lane watches the time of its modules itself, unless it computes all the time.
  if (lane.moduleMs > 0) return lane.moduleMs + LOAD_MS;
  if (!lane.loading) return TAKE_MS;
  return lane.opening === null ? LOAD_MS : OPEN_MS;
}

/** Whether a lane has work and runs no call. */
function owes(lane: JobLane): boolean {
  const { ring } = lane;
  if (ring.done === ring.tail) return !lane.bound || lane.opening !== null;
  return !RUNNING_STATES.includes(ring.state(ring.head));
}
