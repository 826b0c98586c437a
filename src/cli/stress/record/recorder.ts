/**
 * Records what becomes of the calls of a run. A call belongs to the measured time when it was due within it; calls of
 * the warm-up and of the drain are made and not counted. The rate is that of the results which came within the measured
 * time, whenever their calls were due: so a call that takes a second counts as much at the end as at the beginning.
 */
import { Failures } from './failures.js';
import { Latencies } from './latencies.js';
import type { LoadMeasurement, LoadModel, LoadPlan } from '../load/load-types.js';
import { Timeline } from './timeline.js';

/** A call that is made later than that after its time is late. */
const LATE_MS = 1;

/** The times of a successful call, in ms. */
export interface CallTimes {
  readonly dueAt: number;
  readonly madeAt: number;
  readonly endedAt: number;
  /** When native code started. */
  readonly startedAt: number;
  readonly ranMs: number;
}

export class Recorder {
  readonly timeline: Timeline = new Timeline();
  readonly #model: LoadModel;
  readonly #warmupMs: number;
  readonly #count: number;
  readonly #failures = new Failures();
  readonly #total = new Latencies();
  readonly #queue = new Latencies();
  readonly #run = new Latencies();
  readonly #lag = new Latencies();
  #from = Infinity;
  #to = Infinity;
  #arrivals = 0;
  #succeeded = 0;
  #failed = 0;
  #late = 0;
  #dropped = 0;
  #results = 0;

  constructor({ model, warmupMs, count }: LoadPlan) {
    this.#model = model;
    this.#warmupMs = warmupMs;
    this.#count = count;
  }

  /** Sets the measured time. */
  measure(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
  }

  /** Ends the measured time now: the calls are enough, or the run is ended early. */
  cut(at: number): void {
    this.#to = Math.max(this.#from, Math.min(this.#to, at));
  }

  get from(): number {
    return this.#from;
  }

  get to(): number {
    return this.#to;
  }

  /** Whether as many calls as asked for were due. */
  get enough(): boolean {
    return this.#arrivals >= this.#count;
  }

  /** A call is about to be made, or dropped. */
  due(dueAt: number, now: number, made: boolean): void {
    if (!this.#counts(dueAt)) return;
    this.#arrivals += 1;
    if (!made) {
      this.#dropped += 1;
      this.timeline.counts.dropped += 1;
    } else if (this.#model.kind === 'open' && now - dueAt > LATE_MS) {
      this.#late += 1;
      this.timeline.counts.late += 1;
    }
  }

  succeeded({ dueAt, madeAt, startedAt, endedAt, ranMs }: CallTimes): void {
    const inTime = endedAt >= this.#from && endedAt < this.#to;
    if (inTime) {
      this.#results += 1;
      this.timeline.counts.succeeded += 1;
      this.timeline.latencies.record(endedAt - dueAt);
    }
    if (!this.#counts(dueAt)) return;
    this.#succeeded += 1;
    this.#total.record(endedAt - dueAt);
    this.#queue.record(startedAt - dueAt);
    this.#run.record(ranMs);
    if (this.#model.kind === 'open') this.#lag.record(madeAt - dueAt);
  }

  failed(dueAt: number, endedAt: number, error: unknown, item: number): void {
    if (endedAt >= this.#from && endedAt < this.#to) this.timeline.counts.failed += 1;
    if (!this.#counts(dueAt)) return;
    this.#failed += 1;
    this.#failures.record(error, item);
  }

  measurement(interrupted: boolean): LoadMeasurement {
    const measuredMs = Math.max(0, this.#to - this.#from);
    return {
      model: this.#model,
      warmupMs: this.#warmupMs,
      measuredMs,
      calls: {
        arrivals: this.#arrivals,
        succeeded: this.#succeeded,
        failed: this.#failed,
        failures: this.#failures.byKind,
        late: this.#late,
        dropped: this.#dropped,
      },
      rate: measuredMs > 0 ? (this.#results / measuredMs) * 1_000 : 0,
      latency: {
        total: this.#total.digest(),
        queue: this.#queue.digest(),
        run: this.#run.digest(),
        lag: this.#model.kind === 'open' ? this.#lag.digest() : null,
      },
      timeline: this.timeline.points(),
      errors: this.#failures.samples,
      interrupted,
    };
  }

  #counts(dueAt: number): boolean {
    return dueAt >= this.#from && dueAt < this.#to;
  }
}
