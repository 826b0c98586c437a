/**
 * Short texts: how many calls a second of a function that takes a C string of
 * 12 to 28 characters, every call with a promise of its own, on two lanes or
 * workers?
 *
 * The function is `strlen` with another name, so that what is measured is how
 * the text gets there. Texts differ from call to call, and every result is
 * checked.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { times } from '../../harness/report/table.js';
import {
  type Effort,
  type Runner,
  fastest,
  isPeer,
  ratePlot,
  rateRows,
  runnersOf,
  throughput,
} from '../../harness/measure/throughput.js';
import { closeField } from '../../peers/contestant.js';
import { textField } from '../../peers/calls/text-field.js';

const WORKERS = 2;
const given = benchmarkArguments();
const EFFORT: Effort = given.quick
  ? { rounds: 2, roundMs: 30, warmUpMs: 30 }
  : { rounds: 7, roundMs: 120, warmUpMs: 250 };

async function measure(runners: readonly Runner[], inFlight: number): Promise<void> {
  const flight = `${inFlight.toLocaleString('en')} in flight`;
  const rated = await throughput(runners, inFlight, EFFORT);
  report.table(`${flight}, ${EFFORT.rounds} rounds in turns`, rateRows(rated), { plot: ratePlot() });
  report.say();
  const best = fastest(rated, isPeer);
  for (const own of rated.filter(({ ours }) => ours)) {
    report.say(
      `${own.name} against ${best?.name}, ${flight}: ${times(ratios(own.rates, best?.rates ?? []))}`,
    );
  }
}

const report = new Report('short-strings', given);
const field = await textField(WORKERS);
const runners = await runnersOf(field);
for (const inFlight of [1_024, 64]) await measure(runners, inFlight);
await closeField(field);
report.end();
