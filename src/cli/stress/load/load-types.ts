/** What a load is, and what was measured of it. Times are in ms; those of a run count from the start of measuring. */

/** A number of calls that are always in flight: the next starts when one ends. */
export interface ClosedModel {
  readonly kind: 'closed';
  readonly concurrency: number;
}

/** Calls that arrive on a schedule, whether earlier ones have ended or not. */
export interface OpenModel {
  readonly kind: 'open';
  /** Arrivals a second at the beginning. */
  readonly from: number;
  /** Arrivals a second at the end; between, the rate changes evenly. */
  readonly to: number;
  /** At even distances, or at random with that mean rate. */
  readonly arrivals: 'even' | 'poisson';
  /** Calls in flight above which arrivals are dropped. */
  readonly maxInFlight: number;
}

export type LoadModel = ClosedModel | OpenModel;

/** A load to measure. */
export interface LoadPlan {
  readonly model: LoadModel;
  /** Time before measuring; its calls are made, and not counted. */
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Calls to measure, if that ends before the duration does; Infinity: the duration counts. */
  readonly count: number;
  /** Seed of the arrivals. */
  readonly seed: number;
}

/** A distribution of times, in ms. A percentile is null where fewer than 10 samples lie beyond it. */
export interface LatencyDigest {
  readonly samples: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  /** For plots: shares of the samples, and the time that so many of them took at most. */
  readonly quantiles: readonly (readonly [share: number, ms: number])[];
}

/** Calls of the measured time. */
export interface CallCounts {
  /** Calls that were to be made: those made, and those dropped. */
  readonly arrivals: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failed calls by kind: `native`, `timeout`, `crash` …. */
  readonly failures: Readonly<Record<string, number>>;
  /** Open model: calls made more than 1 ms after their time. They are measured from their time. */
  readonly late: number;
  /** Open model: arrivals for which no call was made, since too many were in flight. */
  readonly dropped: number;
}

/** Times of successful calls. */
export interface LoadLatencies {
  /** From the time at which the call was due to its result. */
  readonly total: LatencyDigest;
  /** From the time at which the call was due to the start of native code. */
  readonly queue: LatencyDigest;
  /** In native code. */
  readonly run: LatencyDigest;
  /** Open model: from the time at which the call was due to the time at which it was made; a part of `queue`. */
  readonly lag: LatencyDigest | null;
}

/** One interval of the time line. */
export interface TimelinePoint {
  /** The end of the interval. */
  readonly atMs: number;
  readonly ms: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly late: number;
  readonly dropped: number;
  /** Successful calls a second. */
  readonly rate: number;
  /** Calls in flight at the end of the interval. */
  readonly inFlight: number;
  /** Of the times in total; null as in a {@link LatencyDigest}. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** What failed calls said; equal errors count together. */
export interface FailureSample {
  readonly kind: string;
  readonly message: string;
  /** The item of the first one: its arguments can be made again from the seed. */
  readonly item: number;
  readonly count: number;
}

/** A load, measured. */
export interface LoadMeasurement {
  readonly model: LoadModel;
  readonly warmupMs: number;
  readonly measuredMs: number;
  readonly calls: CallCounts;
  /** Successful calls a second. */
  readonly rate: number;
  readonly latency: LoadLatencies;
  readonly timeline: readonly TimelinePoint[];
  readonly errors: readonly FailureSample[];
  /** Whether it was ended early. */
  readonly interrupted: boolean;
}
