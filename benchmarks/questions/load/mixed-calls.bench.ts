/**
 * Short calls beside long ones on the same pool: what do calls of 10 ms do to
 * the 99th percentile of additions of two integers?
 *
 * Four lanes or workers. Two calls of 10 ms are always under way, each followed
 * by the next, so half of the lanes are left to the short ones, for whoever
 * knows how to keep them apart. Pools that can give a worker many tasks are
 * there twice: with one, as is right for the long calls, and with 32, as for the
 * short. koffi.async has libuv's four threads.
 *
 * The short calls come as a flood (64 callers, each awaiting its call before it
 * makes the next), and again at a steady rate that everybody here can serve.
 * Each is measured alone, and then with the long ones, in the same round.
 *
 * Target, for the flood: p99 at most twice what it is alone.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Company, flood, offered } from '../../harness/measure/latencies.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, percentile, summary } from '../../harness/measure/statistics.js';
import { times } from '../../harness/report/table.js';
import { type Mixer, mixers } from '../../peers/load/mixers.js';

const LANES = 4;
const LONG_AT_ONCE = 2;
const LONG_MS = 10;
const IN_FLIGHT = 64;
const PER_SECOND = 4_000;
const WANTED = 2;
const given = benchmarkArguments();
const ROUNDS = given.quick ? 2 : 4;
const ROUND_MS = given.quick ? 60 : 250;

type Load = (mixer: Mixer) => Promise<number[]>;

interface Round {
  /** p99 in ms, alone and beside long calls. */
  readonly alone: number;
  readonly mixed: number;
  /** Calls a second, of those beside long ones. */
  readonly short: number;
  readonly long: number;
}

async function round(mixer: Mixer, load: Load): Promise<Round> {
  const alone = await load(mixer);
  const start = performance.now();
  const company = new Company(() => mixer.long(LONG_MS), LONG_AT_ONCE);
  const mixed = await load(mixer);
  const seconds = (performance.now() - start) / 1_000;
  const long = await company.stop();
  return {
    alone: percentile(alone, 0.99),
    mixed: percentile(mixed, 0.99),
    short: mixed.length / seconds,
    long: long / seconds,
  };
}

async function compare(
  field: readonly Mixer[],
  title: string,
  load: Load,
  wanted: number | undefined,
): Promise<void> {
  // Warm: the threads are started, the functions are measured.
  for (const mixer of field) await round(mixer, load);
  const measured = await interleave(field, ROUNDS, (mixer) => round(mixer, load));
  const rows = field
    .map((mixer, index) => {
      const rounds = measured[index] ?? [];
      const all = (read: (round: Round) => number): number[] => rounds.map(read);
      return {
        mixer,
        alone: all((one) => one.alone),
        mixed: all((one) => one.mixed),
        short: median(all((one) => one.short)),
        long: median(all((one) => one.long)),
      };
    })
    .toSorted((one, other) => median(one.mixed) - median(other.mixed));
  report.table(
    `${title}, beside ${LONG_AT_ONCE} calls of ${LONG_MS} ms on ${LANES} lanes, ${ROUNDS} rounds in turns`,
    rows.map(({ mixer, alone, mixed, short, long }) => {
      const { median: p99, least, most } = summary(mixed);
      return {
        contestant: mixer.name,
        'p99 ms': p99,
        least,
        most,
        'p99 ms alone': median(alone),
        'x alone': median(ratios(mixed, alone)),
        'short/s': short,
        'long/s': long,
      };
    }),
    { plot: { value: 'p99 ms', unit: 'ms', better: 'lower', scale: 'log' } },
  );
  report.say();
  for (const { mixer, alone, mixed } of rows.filter((one) => one.mixer.ours)) {
    const what = `p99 of short calls beside long ones against alone, ${mixer.name}, ${title}`;
    if (wanted === undefined) report.say(`        ${what}: ${times(ratios(mixed, alone))}`);
    else report.ratio(what, ratios(mixed, alone), 'lower', wanted);
  }
}

const report = new Report('mixed-calls', given);
const field = await mixers(LANES);
await compare(
  field,
  `${IN_FLIGHT} short calls in flight`,
  ({ short }) => flood(short, IN_FLIGHT, ROUND_MS),
  WANTED,
);
await compare(
  field,
  `${PER_SECOND.toLocaleString('en')} short calls a second`,
  ({ short }) => offered(short, PER_SECOND, ROUND_MS),
  undefined,
);
for (const { close } of field) await close();
report.end();
