/**
 * From the growth of memory in many blocks of calls to a verdict.
 *
 * Only the later half of the blocks counts: what a library allocates at first, and caches that fill, grow in the earlier
 * one. A cache that is full in the last quarter alone is not a leak either, so growth has to be there, too.
 *
 * Medians are taken, not means. In most blocks, nothing but the function allocates, and growth is exact to the byte; in
 * a few, JavaScript's compiler or collector takes or gives back some hundred kilobytes at once.
 */
import type { Interval } from '../verdict-types.js';

/** The growth of memory, in bytes a call, for each block of calls, in the order in which they ran. */
export interface Growth {
  /** Of the function. */
  readonly blocks: readonly number[];
  /** Of a function that does nothing, made in turns with the others. */
  readonly idle: readonly number[];
  /** Bytes a call below which growth means nothing. */
  readonly least: number;
}

export interface GrowthVerdict {
  readonly verdict: 'leaks' | 'no-leak-found' | 'undecided';
  readonly bytesPerCall: number;
  /** 95 %, of the median. */
  readonly interval: Interval;
}

/** Blocks without which there is no verdict. */
export const LEAST_BLOCKS = 12;
/** Bytes a call that may be left open for a function to be called clean. */
const CLEAN = 1;
/** Growth in a few large steps leaves the median where it is: how many times the largest step of the other function. */
const STEPS = 4;

export function judgeGrowth({ blocks, idle, least }: Growth): GrowthVerdict {
  const later = blocks.slice(Math.floor(blocks.length / 2));
  const last = blocks.slice(Math.floor((blocks.length * 3) / 4));
  const laterIdle = idle.slice(Math.floor(idle.length / 2));
  const zero = medianOf(laterIdle).middle;
  const { middle, low, high } = medianOf(later);
  const bytesPerCall = middle - zero;
  const interval: Interval = [low - zero, high - zero];
  const found = { bytesPerCall, interval };
  if (blocks.length < LEAST_BLOCKS) return { verdict: 'undecided', ...found };
  if (interval[0] > least && medianOf(last).middle - zero > least) return { verdict: 'leaks', ...found };
  // Memory that has not grown in the last quarter has found its bound.
  const bounded = medianOf(last).high - zero;
  if (Math.min(interval[1], bounded) >= CLEAN + least) return { verdict: 'undecided', ...found };
  const steps = STEPS * Math.max(0, ...idle.map((one) => Math.abs(one - zero)));
  const total = sum(last) - sum(idle.slice(-last.length));
  return { verdict: total > steps + CLEAN * last.length ? 'undecided' : 'no-leak-found', ...found };
}

function sum(list: readonly number[]): number {
  return list.reduce((all, one) => all + one, 0);
}

/** The median, with the ends of its 95 % interval: the values between which it is, counted from the middle. */
function medianOf(list: readonly number[]): {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
} {
  const sorted = [...list].sort((one, other) => one - other);
  const count = sorted.length;
  if (count === 0) return { middle: 0, low: 0, high: 0 };
  const rank = Math.max(0, Math.floor((count - 1.96 * Math.sqrt(count)) / 2));
  const at = (index: number): number => sorted[index] as number;
  return {
    middle: (at(Math.floor((count - 1) / 2)) + at(Math.floor(count / 2))) / 2,
    low: at(rank),
    high: at(count - 1 - rank),
  };
}
