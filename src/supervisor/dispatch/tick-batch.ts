/**
 * Plain calls of short functions that are made in one tick, for one lane: gathered, and written to its rows together.
 * One call by itself costs the host a walk through a dozen objects; a batch walks once.
 *
 *   closed ──a call was assigned──► open ──full, the tick ends, or any other call is assigned──► written, closed
 *
 * Guarantees:
 * - Calls keep their order: whatever assigns calls, takes them back, or lists them has the batch written first.
 * - A call in the batch has no lane, like a queued call; one that settles meanwhile (cancelled) is not written.
 * - Calls that the lane cannot take by then go back to the queue, in front.
 */
import type { CallSource } from '../call-source.js';
import type { Job, JobLane } from '../job.js';
import type { Ticks } from './tick-clock.js';

/** Most calls of a batch: an idle lane should not wait for the end of a long tick. */
export const PUBLISH_BATCH = 32;

export class TickBatch {
  readonly #ticks: Ticks;
  readonly #source: CallSource;
  /** Called when calls have been written to a lane, which is to see them at the end of the tick, or earlier. */
  readonly #written: (lane: JobLane, madeAt: number) => void;
  #open = false;
  #lane: JobLane | null = null;
  #tick = 0;
  /** A new array for each batch: the collector has to be told of each call that is stored in an old one. */
  #jobs: Job[] = [];
  #count = 0;
  #most = 0;

  constructor(ticks: Ticks, source: CallSource, written: (lane: JobLane, madeAt: number) => void) {
    this.#ticks = ticks;
    this.#source = source;
    this.#written = written;
  }

  /**
   * Takes calls for a lane in this tick.
   * @param most number of calls to take.
   */
  open(lane: JobLane, most: number): void {
    const { tick } = this.#ticks;
    // An even number may still be the same in the next tick.
    if (most <= 0 || (tick & 1) === 0) return;
    this.#open = true;
    this.#lane = lane;
    this.#tick = tick;
    this.#most = most;
    // oxlint-disable-next-line unicorn/no-new-array
    this.#jobs = new Array<Job>(PUBLISH_BATCH);
  }

  /** Takes a plain call. @returns false when it has to be assigned by itself. */
  add(job: Job): boolean {
    if (!this.#open || this.#ticks.tick !== this.#tick || !job.fn.short) return false;
    const count = this.#count;
    this.#jobs[count] = job;
    this.#count = count + 1;
    if (count + 1 === this.#most) this.write();
    return true;
  }

  /** Writes the calls to the lane, and closes the batch. */
  write(): void {
    if (!this.#open) return;
    this.#open = false;
    const lane = this.#lane as JobLane;
    const jobs = this.#jobs;
    const count = this.#keepPending();
    // Before anything else happens, because listeners may make calls.
    this.#lane = null;
    this.#jobs = [];
    this.#count = 0;
    if (count > 0) this.#writeAll(lane, jobs, count);
  }

  #writeAll(lane: JobLane, jobs: readonly Job[], count: number): void {
    const usable = lane.status === 'ready' && !lane.exclusive && lane.opening === null;
    const { ring } = lane;
    let sequence = ring.tail;
    const written = usable ? ring.writePlain(jobs, count) : 0;
    for (let index = 0; index < written; index += 1) {
      const job = jobs[index] as Job;
      job.lane = lane;
      job.sequence = sequence;
      sequence = (sequence + 1) | 0;
    }
    if (written > 0) this.#written(lane, (jobs[0] as Job).createdAt);
    if (written === count) return;
    this.#source.returned(jobs.slice(written, count));
    this.#source.pump();
  }

  /** Leaves out the calls that have settled. @returns how many are left. */
  #keepPending(): number {
    const jobs = this.#jobs;
    let kept = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const job = jobs[index] as Job;
      if (job.isSettled) continue;
      jobs[kept] = job;
      kept += 1;
    }
    return kept;
  }
}
