/** Distributions of times in constant memory: HDR histograms of ns with three significant digits. */
import { type Histogram, build } from 'hdr-histogram-js';
import type { LatencyDigest } from '../load/load-types.js';

const NS_PER_MS = 1e6;
/** An hour: a longer time makes the histogram larger, by 1,024 counts each time that it doubles. */
const USUAL_NS = 3_600_000 * NS_PER_MS;
/** Samples that must lie beyond a percentile: with fewer, a handful of calls decides about it. */
const BEYOND = 10;
const SHARES: readonly number[] = [
  ...Array.from({ length: 100 }, (_, percent) => percent / 100),
  ...Array.from({ length: 9 }, (_, at) => 0.991 + at / 1_000),
  ...Array.from({ length: 9 }, (_, at) => 0.9991 + at / 10_000),
  0.99999,
];

/** Whether so many samples say something about a percentile. */
export function supports(samples: number, share: number): boolean {
  // Beyond the 99th percentile of 1,000 there are 10; in binary fractions, a little less.
  return samples * (1 - share) >= BEYOND - 1e-6;
}

export class Latencies {
  /** Counts times in ns. */
  readonly histogram: Histogram = build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: USUAL_NS,
    numberOfSignificantValueDigits: 3,
    autoResize: true,
  });
  #sum = 0;
  #min = Infinity;
  #max = 0;

  /** @param ms - a time; one below 0, by clocks of two threads, counts as 0. */
  record(ms: number): void {
    const time = ms > 0 ? ms : 0;
    this.histogram.recordValue(Math.round(time * NS_PER_MS));
    this.#sum += time;
    if (time < this.#min) this.#min = time;
    if (time > this.#max) this.#max = time;
  }

  get samples(): number {
    return this.histogram.totalCount;
  }

  get max(): number | null {
    return this.samples === 0 ? null : this.#max;
  }

  /** The time that a share of the samples took at most; null where too few samples lie beyond it. */
  percentile(share: number): number | null {
    return supports(this.samples, share) ? this.#at(share) : null;
  }

  reset(): void {
    this.histogram.reset();
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = 0;
  }

  digest(): LatencyDigest {
    const { samples } = this;
    return {
      samples,
      min: samples === 0 ? null : this.#min,
      mean: samples === 0 ? null : this.#sum / samples,
      p50: this.percentile(0.5),
      p90: this.percentile(0.9),
      p99: this.percentile(0.99),
      p999: this.percentile(0.999),
      max: this.max,
      quantiles: SHARES.flatMap((share) =>
        supports(samples, share) ? [[share, this.#at(share)] as const] : [],
      ),
    };
  }

  #at(share: number): number {
    const ms = this.histogram.getValueAtPercentile(share * 100) / NS_PER_MS;
    // The histogram answers with the upper end of a bucket.
    return Math.min(ms, this.#max);
  }
}
