/** The schedule of an open model: when each call is due. */
import { Draw } from '../arguments/random.js';
import type { OpenModel } from './load-types.js';

/** Times of arrivals one after the other, in ms from the start. */
export interface Arrivals {
  /** When the next one is due. */
  readonly next: number;
  /** Goes on to the one after it. */
  advance(): void;
}

/**
 * @param holdMs - time at the beginning with the first rate, before it changes.
 * @param rampMs - time within which the rate goes from the first to the last.
 * @param seed - of random arrivals.
 */
export function arrivalsOf(model: OpenModel, holdMs: number, rampMs: number, seed: number): Arrivals {
  const draw = new Draw().start(seed, -1, 0);
  const gap = model.arrivals === 'even' ? () => 1 : () => -Math.log(1 - draw.unit());
  // Arrivals so far, as a mean: a random process of rate 1, whose time is stretched by the rate.
  let reached = model.arrivals === 'even' ? 0 : gap();
  const state = {
    next: timeOf(reached, model, holdMs, rampMs),
    advance: (): void => {
      reached += gap();
      state.next = timeOf(reached, model, holdMs, rampMs);
    },
  };
  return state;
}

/** The time by which so many calls are due. */
function timeOf(count: number, { from, to }: OpenModel, holdMs: number, rampMs: number): number {
  const held = (from * holdMs) / 1_000;
  if (count <= held || from === to) return (count / from) * 1_000;
  // Within the ramp: count - held = from t + (to - from) t² / (2 T), with t and T in seconds.
  const seconds = rampMs / 1_000;
  const more = count - held;
  const bend = (to - from) / (2 * seconds);
  const whole = ((from + to) / 2) * seconds;
  if (more > whole) return holdMs + rampMs + ((more - whole) / Math.max(to, 1e-9)) * 1_000;
  const root = Math.sqrt(Math.max(0, from * from + 4 * bend * more));
  // The form that does not subtract nearly equal numbers.
  return holdMs + ((2 * more) / (from + root)) * 1_000;
}
