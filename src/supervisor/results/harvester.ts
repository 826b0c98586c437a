/**
 * Takes what lanes have finished, in the order of their rows, and tells of the
 * starts that somebody listens for.
 *
 * Guarantee: it may be entered again from a handler (a listener that makes a
 * blocking call). A row is read and given back before its call settles, so
 * whoever comes next finds the next row.
 */
import { performance } from '../../builtins.js';
import { State } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';
import { requireEnding } from './row-check.js';
import { type ReadMessage, readRow, settleReading } from './settlement.js';

/** What the harvester tells. */
export interface HarvestEvents {
  /** Whether anybody wants to hear of starts. */
  announcing(): boolean;
  started(job: Job): void;
  /** A look is wanted by this time. */
  by(time: number): void;
  /** Takes what native code has said. */
  hear(lane: JobLane): number;
}

const answerOf: ReadMessage = (lane, generation) => lane.inbox.answer(generation);

/** Calls that may run for less than this are watched from the moment they start, in ms. */
const SHORT_TIMEOUT_MS = 5;

export class Harvester {
  readonly #events: HarvestEvents;

  constructor(events: HarvestEvents) {
    this.#events = events;
  }

  /** Takes everything finished from a lane. @returns how many rows that gave back. */
  take(lane: JobLane): number {
    const { ring } = lane;
    const done = ring.finished();
    // After `done`: whatever a call has said is heard before the call ends.
    let found = lane.hasCallbacks ? this.#events.hear(lane) : 0;
    // A handler may take results itself, and move the head: beyond `done` is not ours.
    while (((done - ring.head) | 0) > 0) {
      // There was no time for all that it has said: it ends after that.
      if (lane.hasCallbacks && lane.channel.speaksFor(ring.head)) break;
      const job = ring.ticket(ring.head);
      const own = job.lane === lane && job.sequence === ring.head;
      if (own) {
        this.#announceStart(job);
        if (job.sequence !== ring.head) continue;
      }
      if (own) requireEnding(lane, job);
      const reading = own ? readRow(lane, job, answerOf) : null;
      ring.free();
      found += 1;
      if (reading !== null) settleReading(job, reading);
    }
    if (ring.occupied !== 0) this.#onNext(lane);
    return found;
  }

  /** The lane is on its next call: its time has started. */
  #onNext(lane: JobLane): void {
    const job = lane.ring.ticket(lane.ring.head);
    if (job.lane !== lane || job.isSettled) return;
    // Others behind short calls are looked at every few ms anyway.
    if (lane.exclusive || job.timeout < SHORT_TIMEOUT_MS) this.#events.by(performance.now() + job.timeout);
    this.#announceStart(job);
  }

  #announceStart(job: Job): void {
    if (job.announced || !this.#events.announcing() || job.lane === null) return;
    const { ring } = job.lane;
    const state = ring.state(job.sequence);
    if (state === State.queued || state === State.withdrawn || job.isSettled) return;
    job.announced = true;
    job.startedAt = ring.startedAt(job.sequence);
    this.#events.started(job);
  }
}
