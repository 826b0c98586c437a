/** Counts and distributions of a pool's calls: always on, cheap. */
import { type RecordableHistogram, createHistogram } from 'node:perf_hooks';

/** A distribution of durations, in ms. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

const NONE: Distribution = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
const NS_PER_MS = 1e6;
/** 28 hours: a longer wait or run is counted as that. */
const HIGHEST_NS = 1e14;

/** Node's histograms hold whole numbers from 1: nanoseconds here. */
export class Durations {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: 3 });

  /** @param ms a duration; what is not a positive number counts as the least. */
  record(ms: number): void {
    const ns = Math.round(ms * NS_PER_MS);
    this.#histogram.record(ns >= 1 ? Math.min(ns, HIGHEST_NS) : 1);
  }

  distribution(): Distribution {
    const histogram = this.#histogram;
    if (histogram.count === 0) return NONE;
    return {
      count: histogram.count,
      min: histogram.min / NS_PER_MS,
      mean: histogram.mean / NS_PER_MS,
      p50: histogram.percentile(50) / NS_PER_MS,
      p90: histogram.percentile(90) / NS_PER_MS,
      p99: histogram.percentile(99) / NS_PER_MS,
      max: histogram.max / NS_PER_MS,
    };
  }
}

/** Every call is counted in `submitted` and, once, in one of the endings, or in `refused`. */
export class Counters {
  submitted = 0;
  succeeded = 0;
  failed = 0;
  cancelled = 0;
  timedOut = 0;
  /** Calls that never entered the queue: wrong arguments, a full queue, a closed pool. */
  refused = 0;
  /** Times that a call was run again after it had crashed its lane. */
  retried = 0;
  readonly waits: Durations = new Durations();
  readonly runs: Durations = new Durations();

  /** Calls accepted and not settled. A difference of counts that only grow: it cannot drift. */
  get pending(): number {
    return this.submitted - this.succeeded - this.failed - this.cancelled - this.timedOut;
  }
}
