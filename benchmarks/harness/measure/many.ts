/** Runs over many items: how many items a second, in turns. */
import type { Ffi } from '../../peers/contestant.js';
import type { Loops } from '../../peers/many-items/loops.js';
import { collect } from '../processes/memory.js';
import type { Report } from '../report/benchmark-report.js';
import { interleave, ratios } from './rounds.js';
import { times } from '../report/table.js';
import { type Rated, ratePlot, rateRows } from './throughput.js';

/** Somebody who runs over items. */
export interface Many {
  readonly name: string;
  readonly ffi: Ffi;
  readonly ours: boolean;
  readonly limit?: boolean;
  /** @returns items a second. @throws (rejects) when a result is wrong. */
  readonly rate: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** As somebody who is there for reference. */
export function asLimit(loops: Loops): Many {
  return { ...loops, name: `${loops.name} (${loops.ffi})`, ours: false, limit: true };
}

/** The time of one run, and a look at what it gave. */
export async function timed<R>(
  items: number,
  run: () => Promise<R>,
  check: (results: R) => boolean,
): Promise<number> {
  const start = performance.now();
  const results = await run();
  const seconds = (performance.now() - start) / 1_000;
  if (!check(results)) throw new Error('wrong results');
  return items / seconds;
}

/** Each once to warm up, then so many rounds. */
export async function manyInTurns(field: readonly Many[], rounds: number): Promise<Rated[]> {
  const rate = async (one: Many): Promise<number> => {
    // What others left behind is not this one's to collect.
    collect();
    try {
      return await one.rate();
    } catch (error) {
      throw new Error(one.name, { cause: error });
    }
  };
  await interleave(field, 1, rate);
  const rates = await interleave(field, rounds, rate);
  return field.map(({ name, ffi, ours, limit = false }, index) => ({
    name,
    ffi,
    ours,
    limit,
    rates: rates[index] ?? [],
  }));
}

/** A table, and each of ours against the loops with the same FFI: as a target where a share of them is wanted. */
export function reportMany(
  report: Report,
  title: string,
  rated: readonly Rated[],
  wanted: (own: Rated) => number | undefined,
): void {
  report.table(title, rateRows(rated, 'items/s'), { plot: ratePlot('items/s') });
  report.say();
  for (const own of rated.filter(({ ours }) => ours)) {
    const limit = rated.find((one) => one.limit === true && one.ffi === own.ffi);
    if (limit === undefined) continue;
    const share = wanted(own);
    const what = `${own.name} against ${limit.name}`;
    const all = ratios(own.rates, limit.rates);
    if (share === undefined) report.say(`        ${what}: ${times(all)}`);
    else report.ratio(what, all, 'higher', share);
  }
}
