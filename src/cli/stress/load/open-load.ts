/**
 * The open model: calls are made at the times of a schedule, whatever became of earlier ones. Every arrival of the
 * schedule is either made, late if need be, or counted as dropped; none is left out or added. Its time counts from when
 * it was due, so that a stall of the library, the pool or this process shows in every call that it held up.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Arrivals } from './arrivals.js';
import type { Issuer } from './issuer.js';
import type { Pacer } from './pacer.js';
import type { Recorder } from '../record/recorder.js';

/** ms between two wakes at least: each costs the host and the pacer some 0.07 ms. Calls due between are made together. */
const STEP_MS = 0.3;
/** ms after which the end of the run is looked for, however far the next arrival is. */
const LOOK_MS = 100;
/** Calls made before the event loop gets a turn. */
const MOST_PER_TURN = 1_000;

/** Resolves when all calls of the run have ended. A run that is ended early makes the calls that were due by then. */
export async function runOpen(
  issuer: Issuer,
  recorder: Recorder,
  arrivals: Arrivals,
  startAt: number,
  maxInFlight: number,
  pacer: Pacer,
): Promise<void> {
  // Waiting for an atomic word does not keep a process alive.
  const hold = setInterval(() => {}, 1_000);
  try {
    let dueAt = startAt + arrivals.next;
    while (dueAt < recorder.to && !recorder.enough) {
      const now = performance.now();
      if (dueAt > now) {
        await pacer.until(Math.min(Math.max(dueAt, now + STEP_MS), now + LOOK_MS));
        continue;
      }
      for (let made = 0; dueAt <= now && dueAt < recorder.to && !recorder.enough; made += 1) {
        if (made === MOST_PER_TURN) break;
        if (issuer.inFlight < maxInFlight) issuer.issue(dueAt);
        else issuer.drop(dueAt);
        arrivals.advance();
        dueAt = startAt + arrivals.next;
      }
      await nextTurn();
    }
    await issuer.drained();
  } finally {
    clearInterval(hold);
  }
}
