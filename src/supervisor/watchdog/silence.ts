/**
 * Processes that have something to do, are in no call, and do nothing: stopped
 * from outside (SIGSTOP), say. Nothing else would notice: they have not died,
 * and no call of theirs runs whose time could be over.
 *
 * Guarantee: a lane is killed only after it was seen in the same place by looks
 * that together span its patience. Time in which nobody looked does not count:
 * then the whole machine may have stood still.
 */
import { Math } from '../../builtins.js';
import { RUNNING_STATES } from '../../shared/memory/states.js';
import type { CallSource } from '../call-source.js';
import { giveBack } from '../dispatch/give-back.js';
import type { JobLane } from '../job.js';

/** ms that a lane may take to begin with a call, to pass one that is over, or to answer. */
const TAKE_MS = 5_000;
/** ms that it may take to load a library, whose constructors run then. */
const LOAD_MS = 20_000;
/** The same where it opens one before the others hear of it, and somebody waits for the answer. */
const OPEN_MS = 15_000;
/** ms after which a lane that was given something is looked at. */
export const FIRST_LOOK_MS = 1_000;
/** ms between looks, and what one counts for at most. */
const LOOK_MS = 250;

interface Seen {
  /** Sequence of the row that it is to take or to pass. */
  readonly head: number;
  at: number;
  /** ms for which it has been there. */
  silent: number;
}

export class Silence {
  readonly #seen = new WeakMap<JobLane, Seen>();
  readonly #source: CallSource;

  constructor(source: CallSource) {
    this.#source = source;
  }

  /** Looks at a lane. @returns ms until the next look; Infinity when it is in a call, or owes nothing. */
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
    // First, so that it cannot begin one as it is killed; it may just have begun.
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
  if (!lane.loading) return TAKE_MS;
  return lane.opening === null ? LOAD_MS : OPEN_MS;
}

/** Whether a lane has something to do, and is in no call. */
function owes(lane: JobLane): boolean {
  const { ring } = lane;
  if (ring.done === ring.tail) return !lane.bound || lane.opening !== null;
  return !RUNNING_STATES.includes(ring.state(ring.head));
}
