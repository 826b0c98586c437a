/**
 * Assigns calls to lanes: to an idle lane, or to one whose calls are expected to
 * end soon. Calls assigned in one tick are published as a batch at its end.
 */
import { Math, performance } from '../../builtins.js';
import { chooseLane, chooseLaneAhead, leasedMayTake, otherLanes, overdueMs } from './choose-lane.js';
import type { CallSource } from '../call-source.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { Recycler } from '../lifecycle/recycling.js';
import { giveBack } from './give-back.js';
import type { HostLoop } from './host-loop.js';
import type { Job, JobLane } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import { FIRST_LOOK_MS } from '../watchdog/silence.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import { SpinBackoff } from '../../shared/spin-backoff.js';
import { PUBLISH_BATCH, TickBatch } from './tick-batch.js';
import type { TickClock } from './tick-clock.js';
import type { Watch } from '../watchdog/watch.js';

interface AssignmentParts {
  readonly lanes: LaneSet;
  readonly loop: HostLoop;
  readonly watch: Watch;
  readonly clock: TickClock;
  readonly callbacks: CallbackRouter;
  readonly source: CallSource;
  readonly supply: LaneSupply;
  readonly recycler: Recycler;
  /** Whether lanes are processes. */
  readonly processes: boolean;
}

/** ms that calls wait behind a call that was expected to be short. */
export const STUCK_AFTER_MS = 5;
/** Calls of a lane from which more are expected in the same tick: fewer are over before a sleeping lane is awake. */
const MANY_CALLS = 128;

export class Assignment {
  /** Calls of this tick that are not in their lane yet. */
  readonly batch: TickBatch;
  readonly #parts: AssignmentParts;

  /** The lane that got the last call: an idle lane that was used last gets the next one. */
  #last: JobLane | null = null;
  readonly #rouses = new SpinBackoff();
  /** A lane was woken before its call was made. */
  #roused = false;
  /** Whether a lane has calls, or expects some, that {@link publish} is to see to. */
  #unpublished = false;

  constructor(parts: AssignmentParts) {
    this.#parts = parts;
    this.batch = new TickBatch(parts.loop, parts.source, (lane, madeAt) => {
      parts.watch.by(madeAt + STUCK_AFTER_MS);
      this.#publishSoon(lane);
    });
  }

  /**
   * Assigns a job to a lane.
   * @param ahead whether the job may be written behind a call that is expected to end soon.
   * @returns false when no lane can take the job now.
   */
  assign(job: Job, ahead: boolean): boolean {
    const { lanes, supply, loop, clock } = this.#parts;
    const free = chooseLane(lanes.active, job, clock.callUs);
    const mayGoAhead = ahead && !job.fn.hasCallbacks;
    const chosen = free ?? (mayGoAhead ? chooseLaneAhead(lanes.active, performance.now()) : null);
    if (chosen === null) {
      supply.want();
      // The loop keeps the process alive for the waiting job.
      loop.notice();
      return false;
    }
    const lane = this.#write(job, chosen) ?? (free === null ? null : this.#writeElsewhere(job, free));
    if (lane === null) return false;
    this.#written(job, lane, free === null);
    return true;
  }

  /** Assigns a job to the lane of its session. @returns false when the lane cannot take it now. */
  assignTo(lane: JobLane, job: Job): boolean {
    if (!leasedMayTake(lane, job) || this.#write(job, lane) === null) {
      // The loop keeps the process alive for the waiting job.
      this.#parts.loop.notice();
      return false;
    }
    this.#written(job, lane, false);
    return true;
  }

  /** A job has been written to a lane. @param ahead whether behind a call that is expected to end soon. */
  #written(job: Job, lane: JobLane, ahead: boolean): void {
    const { recycler, callbacks, loop, watch, processes } = this.#parts;
    const first = lane.ring.occupied === 1;
    const now = job.createdAt;
    lane.lastUsed = now;
    this.#last = lane;
    if (job.fn.hasCallbacks) callbacks.dispatched(job, lane);
    recycler.recycle(lane);
    if (!ahead) lane.exclusive = job.items !== null || !job.fn.short;
    if (lane.ring.unpublished < PUBLISH_BATCH && (first || ahead)) {
      const slept = lane.wake();
      if (this.#roused) this.#rouses.took(!slept);
      if ((slept || this.#roused) && !lane.exclusive) loop.woke(lane.ring);
      this.#roused = false;
    } else this.#publishSoon(lane);
    if (!first) watch.by(ahead ? overdueAt(lane) : now + STUCK_AFTER_MS);
    else if (job.timeout !== Infinity) watch.by(now + job.timeout);
    if (processes) watch.by(now + FIRST_LOOK_MS);
    loop.notice();
  }

  /**
   * Gathers further plain calls for the lane to which one has just been assigned, until the tick ends.
   * @param room number of calls that the pool has room for.
   */
  gatherMore(job: Job, room: number): void {
    const { lane, fn } = job;
    // A lane that is to be recycled after a number of calls counts each.
    if (lane === null || !fn.short || lane.exclusive || this.#parts.recycler.active) return;
    this.batch.open(lane, Math.min(room, PUBLISH_BATCH - lane.ring.unpublished));
  }

  /** Publishes the calls of a lane at the end of the tick, or now if there are as many as are published together. */
  #publishSoon(lane: JobLane): void {
    const { ring } = lane;
    this.#unpublished = true;
    if (ring.unpublished < PUBLISH_BATCH) return;
    ring.expectMore(ring.occupied > MANY_CALLS);
    lane.wake();
  }

  /**
   * A call is about to be made: a lane that will get it wakes up meanwhile. Where both share a core, the lane looks in
   * vain and sleeps again, so that is tried ever more rarely.
   */
  rouse(): void {
    const lane = this.#last;
    if (lane === null || lane.ring.occupied !== 0 || lane.status !== 'ready' || !lane.asleep) return;
    if (this.#rouses.may()) this.#roused = lane.rouse();
  }

  /** Writes a job to a lane. @returns the lane; null when its memory is full. */
  #write(job: Job, lane: JobLane): JobLane | null {
    const sequence = lane.ring.write(job, job.trace !== null);
    if (sequence === undefined) return null;
    job.lane = lane;
    job.sequence = sequence;
    return lane;
  }

  /** Writes a job to another lane if the chosen lane is full: waiting would cost a copy of the job's bytes. */
  #writeElsewhere(job: Job, full: JobLane): JobLane | null {
    for (const lane of otherLanes(this.#parts.lanes.active, job, full)) {
      if (this.#write(job, lane) !== null) return lane;
    }
    return null;
  }

  /** Withdraws the calls that were written ahead. @returns whether there were any. */
  takeBackAhead(): boolean {
    const { lanes, source } = this.#parts;
    let any = false;
    for (const lane of lanes.active) {
      if (lane.exclusive && lane.ring.occupied > 1 && giveBack(lane, source)) any = true;
    }
    return any;
  }

  /** Withdraws the calls behind a call that takes longer than expected. */
  takeBackBehind(lane: JobLane): void {
    const { source } = this.#parts;
    lane.exclusive = true;
    giveBack(lane, source);
    source.pump();
  }

  /** Publishes all assigned calls to the lanes. */
  publish(): void {
    this.batch.write();
    if (!this.#unpublished) return;
    this.#unpublished = false;
    for (const lane of this.#parts.lanes.active) {
      lane.ring.expectMore(false);
      if (lane.ring.unpublished !== 0) lane.wake();
    }
  }
}

/** When the running call of a lane becomes overdue. */
function overdueAt({ ring }: JobLane): number {
  return ring.startedAt(ring.head) + overdueMs(ring.ticket(ring.head));
}
