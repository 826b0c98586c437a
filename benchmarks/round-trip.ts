/**
 * One call at a time: how long until its promise is settled, when nothing else
 * is going on?
 *
 * Asked twice: one call straight after the other, and with a pause before each
 * call, long enough that threads go to sleep.
 *
 * Target: offthread's median below that of koffi.async, straight after each other.
 */
import { benchmarkArguments } from './harness/arguments.js';
import { Report } from './harness/report.js';
import { median } from './harness/statistics.js';
import { figure } from './harness/table.js';
import { type Trips, tripRows, trips, tripsInTurns } from './harness/trips.js';
import { type Contestant, closeField, label } from './peers/contestant.js';
import { fieldForLatency } from './peers/field.js';

const given = benchmarkArguments();
const ROUNDS = given.quick ? 2 : 5;
const WARM_UP = given.quick ? 200 : 3_000;
const CALLS = given.quick ? 200 : 2_000;
const PAUSED_CALLS = given.quick ? 5 : 40;
const PAUSE_MS = 5;
/** Beyond offthread's lease: its lanes then no longer keep the process alive, and take a new task with the next call. */
const LONG_PAUSE_MS = 100;
const LONG_PAUSED_CALLS = given.quick ? 1 : 6;

async function measure(
  title: string,
  field: readonly Contestant[],
  calls: number,
  pauseMs: number,
): Promise<readonly Trips[]> {
  const measured = await tripsInTurns(field, ROUNDS, calls, pauseMs);
  report.table(`${title}, ${ROUNDS} rounds of ${calls} in turns, µs`, tripRows(measured));
  return measured;
}

const report = new Report('round-trip', given);
const field = await fieldForLatency(2);
for (const contestant of field) await trips(contestant, WARM_UP, 0);
const measured = await measure('One straight after the other', field, CALLS, 0);
const koffiAsync = median(measured.find(({ contestant }) => contestant.name === 'koffi.async')?.all ?? []);
report.say();
for (const { contestant, all } of measured) {
  if (!contestant.ours) continue;
  const p50 = median(all);
  report.target({
    what: `p50 of ${label(contestant)} against koffi.async`,
    measured: `${figure(p50)} µs against ${figure(koffiAsync)} µs, ratio ${figure(p50 / koffiAsync)}`,
    wanted: 'below',
    met: p50 < koffiAsync,
  });
}
await measure(`After a pause of ${PAUSE_MS} ms`, field, PAUSED_CALLS, PAUSE_MS);
const few = field.filter(
  ({ ours, name, ffi }) => ours || name === 'koffi.async' || (/piscina/.test(name) && ffi === 'koffi'),
);
await measure(`After a pause of ${LONG_PAUSE_MS} ms`, few, LONG_PAUSED_CALLS, LONG_PAUSE_MS);
await closeField(field);
report.end();
