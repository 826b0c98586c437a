/** One call at a time: how long until its promise is settled. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from '../../peers/contestant.js';
import { label } from '../../peers/contestant.js';
import type { Plot } from '../report/benchmark-report.js';
import { interleave } from './rounds.js';
import { median, percentile } from './statistics.js';

export interface Trips {
  readonly contestant: Contestant;
  /** µs of each call. */
  readonly all: readonly number[];
  /** Medians of the rounds. */
  readonly medians: readonly number[];
}

/** @returns µs of each call. */
export async function trips({ call: make }: Contestant, calls: number, pauseMs: number): Promise<number[]> {
  const micros: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    if (pauseMs > 0) await sleep(pauseMs);
    const start = process.hrtime.bigint();
    const sum = await make(call, 1);
    const end = process.hrtime.bigint();
    if (sum !== call + 1) throw new Error(`${call} + 1 is not ${String(sum)}`);
    micros.push(Number(end - start) / 1_000);
  }
  return micros;
}

/** @returns µs of each call for which this thread blocks. */
export function blockingTrips({ name, block }: Contestant, calls: number): number[] {
  if (block === undefined) throw new Error(`${name} has no blocking calls`);
  const micros: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const start = process.hrtime.bigint();
    const sum = block(call, 1);
    const end = process.hrtime.bigint();
    if (sum !== call + 1) throw new Error(`${call} + 1 is not ${String(sum)}`);
    micros.push(Number(end - start) / 1_000);
  }
  return micros;
}

/** So many rounds of so many calls, in turns; the quickest first. */
export async function tripsInTurns(
  field: readonly Contestant[],
  rounds: number,
  calls: number,
  pauseMs: number,
): Promise<Trips[]> {
  return inTurns(field, rounds, (contestant) => trips(contestant, calls, pauseMs));
}

/** So many rounds of something, in turns; the quickest first. @param measure resolves to the µs of each call. */
export async function inTurns(
  field: readonly Contestant[],
  rounds: number,
  measure: (contestant: Contestant) => Promise<number[]>,
): Promise<Trips[]> {
  const measured = await interleave(field, rounds, measure);
  return field
    .map((contestant, index) => {
      const ofRounds = measured[index] ?? [];
      return { contestant, all: ofRounds.flat(), medians: ofRounds.map(median) };
    })
    .toSorted((one, other) => median(one.all) - median(other.all));
}

/** How {@link tripRows} are drawn. */
export const TRIP_PLOT: Plot = {
  value: 'p50',
  unit: 'µs',
  better: 'lower',
  scale: 'log',
  spread: ['least p50', 'most p50'],
};

/** Rows of a table. */
export function tripRows(rows: readonly Trips[]): Record<string, string | number>[] {
  return rows.map(({ contestant, all, medians }) => ({
    contestant: label(contestant),
    p50: median(all),
    p90: percentile(all, 0.9),
    p99: percentile(all, 0.99),
    'least p50': Math.min(...medians),
    'most p50': Math.max(...medians),
  }));
}
