/**
 * Distributions of durations, recorded for every call.
 *
 * The width of a bucket is 1/128 of its values: the high bits of the double are the bucket's number, so recording takes
 * some 5 ns. A histogram of Node.js (`createHistogram`) takes 45 ns, and each call records two durations: a third of
 * the host's total cost of a small call.
 */

import { Math } from '../builtins.js';

/** A distribution of durations, in ms. */
export interface Distribution {
  /** Durations recorded; 0: all figures are 0. */
  readonly count: number;
  /** The shortest. */
  readonly min: number;
  /** The arithmetic mean. */
  readonly mean: number;
  /** Percentiles are within half a percent. */
  readonly p50: number;
  /** 90 % were at most as long. */
  readonly p90: number;
  /** 99 % were at most as long. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

const NONE: Distribution = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
/** 1 ns: a shorter duration is counted as that. */
const LEAST_MS = 1e-6;
/** 28 hours: a longer one is counted as that. */
const MOST_MS = 1e8;
/** Bits of the high word of a double that are left out: what is left is the exponent and 7 bits of the fraction. */
const DROPPED_BITS = 13;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** The high word comes second where the least byte comes first. */
const HIGH = new Uint8Array(Float64Array.of(1).buffer)[7] === 0 ? 0 : 1;

function numberOf(ms: number): number {
  double[0] = ms;
  return (words[HIGH] as number) >>> DROPPED_BITS;
}

/** The middle of a bucket. */
function middleOf(number: number): number {
  words[HIGH] = number << DROPPED_BITS;
  words[1 - HIGH] = 0;
  const start = double[0] as number;
  words[HIGH] = (number + 1) << DROPPED_BITS;
  return (start + (double[0] as number)) / 2;
}

const FIRST = numberOf(LEAST_MS);
const BUCKETS = numberOf(MOST_MS) - FIRST + 1;

export class Durations {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  /** @param ms a duration; what is not a positive number counts as the least. */
  record(ms: number): void {
    const counted = ms >= LEAST_MS ? (ms > MOST_MS ? MOST_MS : ms) : LEAST_MS;
    (this.#buckets[numberOf(counted) - FIRST] as number) += 1;
    this.#count += 1;
    this.#sum += counted;
    if (counted < this.#min) this.#min = counted;
    if (counted > this.#max) this.#max = counted;
  }

  distribution(): Distribution {
    if (this.#count === 0) return NONE;
    return {
      count: this.#count,
      min: this.#min,
      mean: this.#sum / this.#count,
      p50: this.#percentile(0.5),
      p90: this.#percentile(0.9),
      p99: this.#percentile(0.99),
      max: this.#max,
    };
  }

  /** The middle of the bucket of that rank. */
  #percentile(share: number): number {
    const rank = Math.ceil(this.#count * share);
    let bucket = 0;
    for (let seen = this.#buckets[0] as number; seen < rank; seen += this.#buckets[bucket] as number)
      bucket += 1;
    return Math.min(Math.max(middleOf(FIRST + bucket), this.#min), this.#max);
  }
}
