/**
 * Measures contestants in interleaved rounds: each round has every contestant once, in an order of its own, so that a
 * machine that grows slower or faster touches all of them alike.
 */
import { Draw } from '../arguments/random.js';
import type { Contestant, Slice } from './contestant.js';

export interface RoundsPlan {
  readonly rounds: number;
  /** For all slices together, in ms. A slow function takes longer: each slice needs some calls. */
  readonly budgetMs: number;
  readonly seed: number;
}

export interface MeasuredRounds {
  readonly sliceMs: number;
  /** Complete rounds; in each, the contestants in their order. */
  readonly rounds: readonly (readonly Slice[])[];
}

const LEAST_SLICE_MS = 100;
/** Calls for each lane in a slice, at least. */
const LEAST_CALLS = 20;
const WARMUP_MS = 200;

/** @param onRound - is told how many rounds are complete. */
export async function inRounds(
  contestants: readonly Contestant[],
  { rounds: count, budgetMs, seed }: RoundsPlan,
  signal: AbortSignal,
  onRound: (done: number) => void,
): Promise<MeasuredRounds> {
  // Fills caches, and tells how long calls take.
  let callMs = 0;
  for (const one of contestants) {
    const { runMs } = await one.measure(WARMUP_MS, signal);
    // In a lock, calls take longer the more lanes there are, but as many of them end.
    callMs = Math.max(callMs, (runMs ?? 0) / one.lanes);
  }
  const sliceMs = Math.max(LEAST_SLICE_MS, budgetMs / (count * contestants.length), LEAST_CALLS * callMs);
  const rounds: Slice[][] = [];
  while (rounds.length < count && !signal.aborted) {
    const slices: Slice[] = [];
    for (const at of shuffled(contestants.length, seed, rounds.length)) {
      slices[at] = await (contestants[at] as Contestant).measure(sliceMs, signal);
    }
    // A round that was ended early is no measurement.
    if (signal.aborted) break;
    rounds.push(slices);
    onRound(rounds.length);
  }
  return { sliceMs, rounds };
}

/** The numbers below `count`, in random order. */
function shuffled(count: number, seed: number, round: number): readonly number[] {
  const draw = new Draw().start(seed, -2, round);
  const order = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = draw.integer(0, at);
    [order[at], order[other]] = [order[other] as number, order[at] as number];
  }
  return order;
}
