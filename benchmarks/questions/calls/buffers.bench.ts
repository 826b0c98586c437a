/**
 * Bytes: how many calls a second of a function that reads 4 KB, 64 KB, 1 MB or
 * 8 MB, every call with a promise of its own, on two lanes or workers?
 *
 * The function is the system's zlib's crc32, a second's work of which is some
 * GB: part of every figure, and the greater part of those from 64 KB on. Bytes
 * get to the other thread by each of the ways there are. They stay the caller's:
 * offthread copies them, the pools' messages clone them, and koffi.async and
 * ffi-rs hand out a pointer to them without any copy. They are in shared memory.
 * They are transferred: the caller makes fresh ones for each call and gives them
 * away; offthread frees them after the call, as it is told (`release`), which no
 * pool offers. They are lent: all get a pointer to the caller's own, offthread
 * from Node.js 24 on, which keeps their memory; before, it copies. Every result
 * is checked.
 *
 * Targets: with 4 KB that are copied, at least 3 times the best peer; 64 KB, 1 MB
 * and 8 MB, at least 1, 0.9 and 0.8 times the best of all, and 2 times the best
 * pool. Shared, at least 2 times the best peer for 4 and 64 KB, with each engine,
 * and as much as it for 1 MB. 1 MB transferred, 1.5 times the best pool.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { times } from '../../harness/report/table.js';
import {
  type Effort,
  type Rated,
  fastest,
  isPeer,
  ratePlot,
  rateRows,
  runnersOf,
  throughput,
} from '../../harness/measure/throughput.js';
import { UNCOPIED, type Way, byteField } from '../../peers/calls/byte-field.js';

const WORKERS = 2;
const given = benchmarkArguments();
const EFFORT = (
  {
    full: { rounds: 5, roundMs: 150, warmUpMs: 250 },
    brief: { rounds: 3, roundMs: 60, warmUpMs: 60 },
    quick: { rounds: 2, roundMs: 30, warmUpMs: 30 },
  } satisfies Readonly<Record<string, Effort>>
)[given.effort];

/** Of the best peer, and of the best pool, how many times its rate is asked; of offthread with koffi, or with each engine. */
interface Wanted {
  readonly peer?: number;
  readonly pool?: number;
  readonly each?: boolean;
}

interface Size {
  readonly size: number;
  readonly called: string;
  readonly inFlight: number;
  readonly ways: { readonly [W in Way]?: Wanted };
}

const SIZES: readonly Size[] = [
  {
    size: 4_096,
    called: '4 KB',
    inFlight: 64,
    ways: { copied: { peer: 3 }, shared: { peer: 2, each: true }, transferred: {}, lent: {} },
  },
  {
    size: 2 ** 16,
    called: '64 KB',
    inFlight: 32,
    ways: { copied: { peer: 1, pool: 2 }, shared: { peer: 2, each: true } },
  },
  {
    size: 2 ** 20,
    called: '1 MB',
    inFlight: 8,
    ways: { copied: { peer: 0.9, pool: 2 }, shared: { peer: 1 }, transferred: { pool: 1.5 }, lent: {} },
  },
  { size: 2 ** 23, called: '8 MB', inFlight: 4, ways: { copied: { peer: 0.8, pool: 2 }, lent: {} } },
];

/** A pool of workers, which gets bytes by messages. */
const isPool = (rated: Rated): boolean => isPeer(rated) && !UNCOPIED.has(rated.name);

const report = new Report('buffers', given);
const field = await byteField(WORKERS);
for (const { size, called, inFlight, ways } of SIZES) {
  for (const [way, wanted] of Object.entries(ways) as [Way, Wanted][]) {
    const what = `${called}, ${way}`;
    const rated = await throughput(await runnersOf(field.contestants(way, size)), inFlight, EFFORT);
    const title = `${what}, ${inFlight} in flight, ${EFFORT.rounds} rounds in turns`;
    report.table(title, rateRows(rated), { plot: ratePlot() });
    report.say();
    for (const own of rated.filter(({ ours }) => ours)) {
      const asked = own.ffi === 'koffi' || wanted.each === true;
      for (const [accept, bound] of [
        [isPeer, wanted.peer],
        [isPool, wanted.pool],
      ] as const) {
        const best = fastest(rated, accept);
        if (best === undefined) continue;
        const all = ratios(own.rates, best.rates);
        const whom = accept === isPool ? `the best pool, ${best.name}` : best.name;
        const between = `${what}: ${own.name} against ${whom}`;
        if (asked && bound !== undefined) report.ratio(between, all, 'higher', bound);
        else report.say(`        ${between}: ${times(all)}`);
      }
    }
  }
}
await field.close();
report.end();
