/** How many calls a second contestants make, in turns. */
import type { Contestant } from '../../peers/contestant.js';
import { label, sum } from '../../peers/contestant.js';
import { type callers, ownCallers } from './callers.js';
import type { Plot } from '../report/benchmark-report.js';
import { interleave, ratios } from './rounds.js';
import { median, summary } from './statistics.js';

/** How long it is measured. */
export interface Effort {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

export interface Runner {
  readonly contestant: Contestant;
  readonly run: typeof callers;
  /** Calls of each caller in a round. */
  each: number;
}

/** What somebody reached. */
export interface Rated extends Pick<Contestant, 'ours' | 'limit' | 'ffi'> {
  /** As in tables. */
  readonly name: string;
  /** A second, of each round. */
  readonly rates: readonly number[];
}

export async function runnersOf(field: readonly Contestant[]): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const contestant of field) {
    runners.push({ contestant, run: await ownCallers(label(contestant)), each: 1 });
  }
  return runners;
}

/** One round. @returns calls per second. */
async function rate({ contestant, run, each }: Runner, inFlight: number): Promise<number> {
  const start = performance.now();
  const wrong = await run(contestant.call, contestant.expected ?? sum, inFlight, each);
  const seconds = (performance.now() - start) / 1_000;
  if (wrong > 0) throw new Error(`${label(contestant)} gave ${wrong} wrong results`);
  return (inFlight * each) / seconds;
}

/** Warms up, and finds how many calls a round takes. */
async function prepare(runner: Runner, inFlight: number, { roundMs, warmUpMs }: Effort): Promise<void> {
  runner.each = Math.max(1, Math.ceil(256 / inFlight));
  let reached = 0;
  for (const end = performance.now() + warmUpMs; performance.now() < end; ) {
    reached = await rate(runner, inFlight);
    runner.each = Math.max(1, Math.round((reached * roundMs) / 2_000 / inFlight));
  }
  runner.each = Math.max(1, Math.round((reached * roundMs) / 1_000 / inFlight));
}

/** @returns a figure for every round of every runner, in the order given. */
export async function throughput(
  runners: readonly Runner[],
  inFlight: number,
  effort: Effort,
): Promise<Rated[]> {
  for (const runner of runners) await prepare(runner, inFlight, effort);
  const rates = await interleave(runners, effort.rounds, (runner) => rate(runner, inFlight));
  return runners.map(({ contestant }, index) => {
    const { ours, limit = false, ffi } = contestant;
    return { name: label(contestant), ours, limit, ffi, rates: rates[index] ?? [] };
  });
}

const fastestFirst = (one: Rated, other: Rated): number => median(other.rates) - median(one.rates);

export function isPeer({ ours, limit }: Rated): boolean {
  return !ours && limit !== true;
}

/** The fastest of those that are meant. */
export function fastest(rated: readonly Rated[], accept: (rated: Rated) => boolean): Rated | undefined {
  return rated.filter(accept).toSorted(fastestFirst)[0];
}

/** Rows of a table, the fastest first; the last column, where there are peers, says how many times the best one's rate it is. */
export function rateRows(rated: readonly Rated[], unit = 'calls/s'): Record<string, string | number>[] {
  const best = fastest(rated, isPeer);
  return rated.toSorted(fastestFirst).map(({ name, rates }) => {
    const { median: middle, least, most } = summary(rates);
    const row = { contestant: name, [unit]: middle, least, most };
    return best === undefined ? row : { ...row, 'x best peer': median(ratios(rates, best.rates)) };
  });
}

/** How {@link rateRows} are drawn. */
export function ratePlot(unit = 'calls/s'): Plot {
  return { value: unit, unit, better: 'higher', scale: 'log' };
}
