/**
 * Bytes: how many calls a second of a function that reads 4 KB, or 1 MB, every
 * call with a promise of its own, on two lanes or workers?
 *
 * The function is the system's zlib's crc32, a second's work of which is some
 * GB: part of every figure, and the greater part of those with 1 MB. Bytes get
 * to the other thread by each of the ways there are. They stay the caller's:
 * offthread copies them, the pools' messages clone them, and koffi.async and
 * ffi-rs hand out a pointer to them without any copy. They are in shared memory.
 * They are transferred: the caller makes fresh ones for each call and gives them
 * away; offthread has no such thing, and copies. Every result is checked.
 *
 * Target: with 4 KB that are copied, at least 3 times the best peer.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { times } from '../../harness/report/table.js';
import {
  type Effort,
  fastest,
  isPeer,
  ratePlot,
  rateRows,
  runnersOf,
  throughput,
} from '../../harness/measure/throughput.js';
import { type Way, byteField } from '../../peers/calls/byte-field.js';

const WORKERS = 2;
const WANTED = 3;
const given = benchmarkArguments();
const EFFORT: Effort = given.quick
  ? { rounds: 2, roundMs: 30, warmUpMs: 30 }
  : { rounds: 5, roundMs: 150, warmUpMs: 250 };
const SIZES = [
  { size: 4_096, called: '4 KB', inFlight: 64 },
  { size: 2 ** 20, called: '1 MB', inFlight: 8 },
];
const WAYS: readonly Way[] = ['copied', 'shared', 'transferred'];

const report = new Report('buffers', given);
const field = await byteField(WORKERS);
for (const { size, called, inFlight } of SIZES) {
  for (const way of WAYS) {
    const what = `${called}, ${way}`;
    const rated = await throughput(await runnersOf(field.contestants(way, size)), inFlight, EFFORT);
    const title = `${what}, ${inFlight} in flight, ${EFFORT.rounds} rounds in turns`;
    report.table(title, rateRows(rated), { plot: ratePlot() });
    report.say();
    const best = fastest(rated, isPeer);
    for (const own of rated.filter(({ ours }) => ours)) {
      const all = ratios(own.rates, best?.rates ?? []);
      const between = `${what}: ${own.name} against ${best?.name}`;
      const asked = way === 'copied' && called === '4 KB' && own.ffi === 'koffi';
      if (asked) report.ratio(between, all, 'higher', WANTED);
      else report.say(`        ${between}: ${times(all)}`);
    }
  }
}
await field.close();
report.end();
