/**
 * One call at a time: how long until its promise is settled, when nothing else
 * is going on?
 *
 * Asked twice: one call straight after the other, and with a pause before each
 * call, long enough that threads go to sleep. What it costs when nothing is
 * called at all is the question of `idle-cpu`.
 *
 * Targets, straight after each other: the median of offthread with koffi at most
 * half of that of koffi.async, and a tenth of that of piscina in its best form.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { times } from '../../harness/report/table.js';
import { TRIP_PLOT, type Trips, tripRows, trips, tripsInTurns } from '../../harness/measure/trips.js';
import { type Contestant, closeField, label } from '../../peers/contestant.js';
import { fieldForLatency } from '../../peers/calls/field.js';

const given = benchmarkArguments();
const ROUNDS = { full: 5, brief: 3, quick: 2 }[given.effort];
const WARM_UP = given.quick ? 200 : 3_000;
const CALLS = { full: 2_000, brief: 1_000, quick: 200 }[given.effort];
const PAUSED_CALLS = { full: 40, brief: 5, quick: 5 }[given.effort];
const PAUSE_MS = 5;
/** Beyond offthread's lease: its lanes then no longer keep the process alive, and take a new task with the next call. */
const LONG_PAUSE_MS = 100;
const LONG_PAUSED_CALLS = { full: 6, brief: 1, quick: 1 }[given.effort];

async function measure(
  title: string,
  field: readonly Contestant[],
  calls: number,
  pauseMs: number,
): Promise<readonly Trips[]> {
  const measured = await tripsInTurns(field, ROUNDS, calls, pauseMs);
  const rows = tripRows(measured);
  report.table(`${title}, ${ROUNDS} rounds of ${calls} in turns, µs`, rows, { plot: TRIP_PLOT });
  return measured;
}

const report = new Report('round-trip', given);
const field = await fieldForLatency(2);
for (const contestant of field) await trips(contestant, WARM_UP, 0);
const measured = await measure('One straight after the other', field, CALLS, 0);
report.say();
// The quickest of each come first.
const koffiAsync = measured.find(({ contestant }) => contestant.name === 'koffi.async');
const piscina = measured.find(({ contestant }) => contestant.name.startsWith('piscina'));
for (const [peer, bound] of [
  [koffiAsync, 0.5],
  [piscina, 0.1],
] as const) {
  for (const own of measured.filter(({ contestant }) => contestant.ours)) {
    if (peer === undefined) continue;
    const what = `p50 of ${label(own.contestant)} against ${label(peer.contestant)}`;
    const all = ratios(own.medians, peer.medians);
    if (own.contestant.ffi === 'koffi') report.ratio(what, all, 'lower', bound);
    else report.say(`        ${what}: ${times(all)}`);
  }
}
await measure(`After a pause of ${PAUSE_MS} ms`, field, PAUSED_CALLS, PAUSE_MS);
const few = field.filter(
  ({ ours, name, ffi }) => ours || name === 'koffi.async' || (/piscina/.test(name) && ffi === 'koffi'),
);
await measure(`After a pause of ${LONG_PAUSE_MS} ms`, few, LONG_PAUSED_CALLS, LONG_PAUSE_MS);
await closeField(field);
report.end();
