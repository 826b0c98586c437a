/**
 * Takes finished calls from lanes, in the order of their rows, and publishes
 * starts to subscribers.
 *
 * Guarantee: re-entrant from a handler (a listener that makes a blocking call),
 * which may also move lanes between the lists. A row is read and freed before
 * its call settles, so a nested harvest begins with the next row.
 */
import { performance } from '../../builtins.js';
import { type CallTrace, publish } from '../../observe/trace.js';
import { State } from '../../shared/memory/states.js';
import type { CallSource } from '../call-source.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import type { Job, JobLane } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { LostLanes } from '../lifecycle/lost-lanes.js';
import type { Recycler } from '../lifecycle/recycling.js';
import { ownerOf } from '../row-owner.js';
import type { Watch } from '../watchdog/watch.js';
import { requireEnding } from './row-check.js';
import { takeStart } from './row-times.js';
import { type ReadMessage, readRow, settlePlain, settleReading } from './settlement.js';

interface HarvesterParts {
  readonly source: CallSource;
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly lost: LostLanes;
  readonly recycler: Recycler;
  readonly callbacks: CallbackRouter;
  readonly watch: Watch;
}

const answerOf: ReadMessage = (lane, generation) => lane.inbox.answer(generation);

const NO_LANES: readonly JobLane[] = [];
/** ms: calls with a shorter timeout are watched from their start. */
const SHORT_TIMEOUT_MS = 5;

export class Harvester {
  readonly #parts: HarvesterParts;
  #offering = false;

  constructor(parts: HarvesterParts) {
    this.#parts = parts;
  }

  /** Takes finished rows and records from every lane, and dispatches queued calls to the lanes. @returns how many it took. */
  harvest(): number {
    const { lanes, supply, lost, source } = this.#parts;
    let found = 0;
    if (lanes.starting) supply.welcome();
    const { active } = lanes;
    for (let index = 0; index < active.length; index += 1) {
      const lane = active[index] as JobLane;
      if (lane.ring.occupied !== 0 || lane.hasCallbacks) found += this.take(lane);
    }
    for (const lane of lanes.lost.length === 0 ? NO_LANES : lanes.lost.slice()) {
      if (lane.status !== 'lost') continue;
      found += this.take(lane);
      if (lane.ring.occupied === 0 && lane.abandonAt !== Infinity) lost.reinstate(lane);
    }
    if (found > 0 && !this.#offering) {
      this.#offering = true;
      try {
        source.pump();
      } finally {
        this.#offering = false;
      }
    }
    return found;
  }

  /** Takes finished rows and records from one lane. @returns how many it took. */
  take(lane: JobLane): number {
    const { supply, recycler } = this.#parts;
    try {
      const { head } = lane.ring;
      const found = this.#takeRows(lane);
      if (lane.ring.head !== head) {
        supply.restarts.worked(lane);
        recycler.recycle(lane);
      }
      if (lane.status === 'retiring') recycler.sweep();
      return found;
    } catch (cause) {
      if (lane.kind === 'thread') throw cause;
      // Native code has overwritten the memory shared with the host, which can no longer be trusted.
      lane.corrupted(cause);
      return 0;
    }
  }

  #takeRows(lane: JobLane): number {
    const { ring } = lane;
    const done = ring.finished();
    // Read after `done`: all records of a call are taken before the call ends.
    let found = lane.hasCallbacks ? this.#parts.callbacks.hear(lane) : 0;
    // A nested harvest may move the head beyond `done`.
    while (((done - ring.head) | 0) > 0) {
      // Records of the call are left, for which there was no time: the call ends after them.
      if (lane.hasCallbacks && lane.channel.speaksFor(ring.head)) break;
      const job = ownerOf(lane, ring.head);
      if (job !== null) {
        if (job.trace !== null) {
          publishStart(job, job.trace);
          if (job.sequence !== ring.head) continue;
        }
        requireEnding(lane, job);
        if (job.plain && settlePlain(lane, job)) {
          found += 1;
          continue;
        }
      }
      const reading = job === null ? null : readRow(lane, job, answerOf);
      ring.free();
      found += 1;
      if (job !== null && reading !== null) settleReading(job, reading);
    }
    if (ring.occupied !== 0) this.#onNext(lane);
    return found;
  }

  /** The lane runs its next call: the timeout of that call has begun. */
  #onNext(lane: JobLane): void {
    const job = ownerOf(lane, lane.ring.head);
    if (job === null || job.isSettled) return;
    // Other calls behind short ones are checked every few ms anyway.
    if (lane.exclusive || job.timeout < SHORT_TIMEOUT_MS)
      this.#parts.watch.by(performance.now() + job.timeout);
    if (job.trace !== null) publishStart(job, job.trace);
  }
}

/** Publishes the start of a call once. Runs user code. */
function publishStart(job: Job, trace: CallTrace): void {
  if (job.startedAt !== null || job.lane === null) return;
  const { ring, name } = job.lane;
  const state = ring.state(job.sequence);
  if (state === State.queued || state === State.withdrawn || job.isSettled) return;
  takeStart(job.lane, job);
  trace.lane = name;
  publish.started(trace);
}
