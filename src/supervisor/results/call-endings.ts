/**
 * What becomes of calls when lanes finish them, are given up, or die: results
 * are taken, and calls that a lane had not started go back to the queue.
 *
 * Guarantee: safe to enter again from a handler, which may move lanes between
 * the lists meanwhile.
 */
import { performance, queueMicrotask } from '../../builtins.js';
import type { Death } from '../../lanes/death.js';
import type { LaneCrashedError, OffthreadError } from '../../errors.js';
import { type Crashes, crashError } from '../lifecycle/crashed-calls.js';
import type { Harvester } from './harvester.js';
import type { Job, JobLane } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';

/** What it works with. */
export interface EndingParts {
  readonly lanes: LaneSet;
  readonly harvester: Harvester;
  readonly callbacks: CallbackRouter;
  readonly crashes: Crashes;
}

/** What it leads to. */
export interface EndingEvents {
  /** A lane may take calls. */
  room(): void;
  /** Jobs that are to run elsewhere, oldest first. */
  returned(jobs: readonly Job[], again?: boolean): void;
  /** A look at the lanes is wanted by a time. */
  by(time: number): void;
  /** Somebody may have to be woken, or let go. */
  notice(): void;
  /** The bell may be in the hands of a lane that is dead. */
  ring(): void;
  lost(lane: JobLane, error: OffthreadError | undefined): void;
  crashed(lane: JobLane, error: LaneCrashedError): void;
  /** A lane has died, and its calls are where they belong. */
  afterCrash(): void;
}

const NO_LANES: readonly JobLane[] = [];
/** ms that a lane given up is left to come back before its thread is abandoned: a short call needs no new thread. */
const ABANDON_AFTER_MS = 5;

export class Endings {
  readonly #parts: EndingParts;
  readonly #events: EndingEvents;
  #harvesting = false;

  constructor(parts: EndingParts, events: EndingEvents) {
    this.#parts = parts;
    this.#events = events;
  }

  /** Takes everything finished from the lanes. @returns how much there was. */
  harvest(): number {
    const { lanes } = this.#parts;
    let found = 0;
    if (lanes.starting) lanes.welcome();
    const { active, lost } = lanes;
    for (let index = 0; index < active.length; index += 1) {
      const lane = active[index] as JobLane;
      if (lane.ring.occupied !== 0 || lane.hasCallbacks) found += this.#take(lane);
    }
    // Listeners may run in here, and move lanes between the lists.
    for (const lane of lost.length === 0 ? NO_LANES : lost.slice()) {
      if (lane.status !== 'lost') continue;
      found += this.#take(lane);
      if (lane.ring.occupied === 0 && lane.abandonAt !== Infinity) lanes.reinstate(lane);
    }
    if (found > 0 && !this.#harvesting) {
      this.#harvesting = true;
      try {
        this.#events.room();
      } finally {
        this.#harvesting = false;
      }
    }
    return found;
  }

  /** Gives a lane up. @param waited whether its job was asked to stop, and has had its grace. */
  lose(lane: JobLane, job: Job, waited: boolean): void {
    const { lanes } = this.#parts;
    lanes.lose(lane);
    this.giveBack(lane);
    this.#events.lost(lane, job.stopping?.error);
    // A process that was asked to stop has had its time.
    const patience = lane.kind === 'process' && waited ? 0 : ABANDON_AFTER_MS;
    lane.abandonAt = performance.now() + patience;
    if (patience === 0) {
      lanes.abandon(lane);
      this.#events.by(lanes.killsDueAt);
    } else this.#events.by(lane.abandonAt);
    lanes.cover();
    this.#events.notice();
  }

  /** Calls that a lane has not started are to run elsewhere. @returns whether there were any. */
  giveBack(lane: JobLane): boolean {
    const jobs = lane.ring.withdraw();
    for (const job of jobs) {
      job.callbackState?.sink?.detach();
      job.lane = null;
    }
    if (jobs.length > 0) this.#events.returned(jobs);
    return jobs.length > 0;
  }

  /** A lane has died. */
  crashed(lane: JobLane, death: Death): void {
    const { callbacks, crashes } = this.#parts;
    if (death.disorder !== true) {
      lane.ring.concede();
      this.#take(lane);
    }
    callbacks.forget(lane);
    this.giveBack(lane);
    const again = crashes.settle(lane, death);
    if (again.length > 0) this.#events.returned(again, true);
    this.#events.crashed(lane, crashError(lane, death));
    // The dead lane may have taken the bell in hand, and not rung it: then no other lane would.
    this.#events.ring();
    // After the lane has been replaced.
    queueMicrotask(() => this.#events.afterCrash());
  }

  #take(lane: JobLane): number {
    const { lanes, harvester } = this.#parts;
    try {
      const { head } = lane.ring;
      const found = harvester.take(lane);
      if (lane.ring.head !== head) lanes.worked(lane);
      if (lane.status === 'retiring') lanes.sweep();
      return found;
    } catch (cause) {
      if (lane.kind === 'thread') throw cause;
      // Its native code has overwritten what it shares with the host: none of it is to be trusted.
      lane.corrupted(cause);
      return 0;
    }
  }
}
