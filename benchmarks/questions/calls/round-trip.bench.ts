/**
 * One call at a time, each straight after the other: how long until its promise
 * is settled, when nothing else is going on? After a pause is the question of
 * `cold-calls`, and what it costs when nothing is called at all that of
 * `idle-cpu`.
 *
 * Targets: the median of offthread with koffi at most
 * half of that of koffi.async, and a tenth of that of piscina in its best form.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { times } from '../../harness/report/table.js';
import { TRIP_PLOT, tripRows, trips, tripsInTurns } from '../../harness/measure/trips.js';
import { closeField, label } from '../../peers/contestant.js';
import { fieldForLatency } from '../../peers/calls/field.js';

const given = benchmarkArguments();
const ROUNDS = { full: 5, brief: 3, quick: 2 }[given.effort];
const WARM_UP = given.quick ? 200 : 3_000;
const CALLS = { full: 2_000, brief: 1_000, quick: 200 }[given.effort];

const report = new Report('round-trip', given);
const field = await fieldForLatency(2);
for (const contestant of field) await trips(contestant, WARM_UP, 0);
const measured = await tripsInTurns(field, ROUNDS, CALLS, 0);
report.table(`One straight after the other, ${ROUNDS} rounds of ${CALLS} in turns, µs`, tripRows(measured), {
  plot: TRIP_PLOT,
});
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
await closeField(field);
report.end();
