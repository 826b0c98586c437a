/**
 * Many small calls: how many additions of two integers a second, every call
 * with a promise of its own, on two lanes or workers?
 *
 * Targets: with 1,024 in flight, offthread with koffi at least 20 times the
 * best peer, with ffi-rs at least 6 times; with 64 in flight, koffi 6 times.
 */
import { benchmarkArguments } from './harness/arguments.js';
import { Report } from './harness/report.js';
import { ratios } from './harness/rounds.js';
import { summary } from './harness/statistics.js';
import { figure } from './harness/table.js';
import {
  type Effort,
  type Rated,
  type Runner,
  fastest,
  rateRows,
  runnersOf,
  throughput,
} from './harness/throughput.js';
import { type Ffi, closeField, label } from './peers/contestant.js';
import { fieldForThroughput } from './peers/field.js';

const WORKERS = 2;
const given = benchmarkArguments();
const EFFORT: Effort = given.quick
  ? { rounds: 2, roundMs: 30, warmUpMs: 30 }
  : { rounds: 7, roundMs: 150, warmUpMs: 300 };

async function measure(runners: readonly Runner[], inFlight: number): Promise<void> {
  const rated = await throughput(runners, inFlight, EFFORT);
  const best = fastest(rated, ({ ours }) => !ours);
  report.table(
    `${inFlight.toLocaleString('en')} in flight, ${EFFORT.rounds} rounds in turns`,
    rateRows(rated),
  );
  const compare = (ffi: Ffi, against: Rated | undefined, wanted: number): void => {
    const own = fastest(rated, (one) => one.ours && one.ffi === ffi);
    if (own === undefined || against === undefined) return;
    const all = ratios(own.rates, against.rates);
    const { median: ratio, least, most } = summary(all);
    report.target({
      what: `${label(own.contestant)} against ${label(against.contestant)}, ${inFlight.toLocaleString('en')} in flight`,
      measured: `${figure(ratio)} times (${figure(least)} to ${figure(most)})`,
      wanted: `at least ${wanted}`,
      met: ratio >= wanted,
    });
  };
  report.say();
  compare('koffi', best, inFlight > 64 ? 20 : 6);
  if (inFlight <= 64) return;
  compare(
    'ffi-rs',
    fastest(rated, ({ ours, ffi }) => !ours && ffi === 'ffi-rs'),
    6,
  );
  compare('ffi-rs', best, 6);
}

const report = new Report('small-calls', given);
const field = await fieldForThroughput(WORKERS);
const runners = await runnersOf(field);
for (const inFlight of [1_024, 64]) await measure(runners, inFlight);
await closeField(field);
report.end();
