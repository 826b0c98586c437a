/**
 * 95 % intervals by bootstrap over rounds: a round is drawn as a whole, so that what the values of a round share (a slow
 * second of the machine) stays together.
 *
 * Intervals are expanded percentiles (Hesterberg 2015): plain percentiles of few rounds are too narrow, since they use
 * the variance of the sample with n in place of n - 1, and the normal distribution in place of Student's.
 */
import { Draw } from '../arguments/random.js';
import type { Interval } from '../verdict-types.js';
import { normalBelow, student } from './normal.js';

/** Times that rounds are drawn. */
const DRAWS = 1_000;

/**
 * @param rounds - two or more.
 * @param estimates - from rounds to the estimates; one interval is made for each.
 * @param seed - of the draws.
 */
export function bootstrap<Round>(
  rounds: readonly Round[],
  estimates: (rounds: readonly Round[]) => readonly number[],
  seed: number,
): Interval[] {
  const draw = new Draw().start(seed, 0, rounds.length);
  const drawn: number[][] = [];
  for (let time = 0; time < DRAWS; time += 1) {
    const sample = rounds.map(() => rounds[draw.integer(0, rounds.length - 1)] as Round);
    for (const [which, value] of estimates(sample).entries()) (drawn[which] ??= []).push(value);
  }
  return drawn.map((values) => interval(values, rounds.length));
}

function interval(values: number[], rounds: number): Interval {
  const inOrder = values.filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  const below = normalBelow(-Math.sqrt(rounds / (rounds - 1)) * student(rounds - 1));
  return [quantile(inOrder, below), quantile(inOrder, 1 - below)];
}

/** The value at a share of sorted values, between two of them where it lies between. NaN when there are none. */
export function quantile(inOrder: readonly number[], share: number): number {
  const at = share * (inOrder.length - 1);
  const low = inOrder[Math.floor(at)] ?? Number.NaN;
  const high = inOrder[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((one, other) => one - other),
    0.5,
  );
}

/** The interval of the quotient of two means, `one` by `other`: the samples are independent of each other. */
export function ratioInterval(one: readonly number[], other: readonly number[], seed: number): Interval {
  const draw = new Draw().start(seed, 1, one.length);
  const drawn = (values: readonly number[]): number =>
    mean(values.map(() => values[draw.integer(0, values.length - 1)] as number));
  const ratios = Array.from({ length: DRAWS }, () => drawn(one) / drawn(other));
  return interval(ratios, Math.min(one.length, other.length));
}
