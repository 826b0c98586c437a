/**
 * One call after a pause: how long until its promise is settled, when nothing
 * was called for a while? Threads sleep by then, cores rest, and caches hold
 * other things: so a server meets it that calls once in a while.
 *
 * What the waiting costs is the question of `idle-cpu`. Process lanes are shown;
 * nothing is asked of them.
 *
 * Targets, of the median with koffi against that of koffi.async: 1.0 times after
 * 5 ms, 1.1 after 100 ms, 1.3 after a second.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { TRIP_PLOT, tripRows, trips, tripsInTurns } from '../../harness/measure/trips.js';
import { type Contestant, closeField, label } from '../../peers/contestant.js';
import { koffiAsync } from '../../peers/libraries/koffi-async.js';
import { offthread } from '../../peers/libraries/offthread.js';
import { piscina } from '../../peers/libraries/piscina.js';
import { workerpool } from '../../peers/libraries/workerpool.js';

const WORKERS = 2;
const given = benchmarkArguments();
const WARM_UP = given.quick ? 200 : 3_000;

interface Pause {
  readonly ms: number;
  /** Most times of the median of koffi.async. */
  readonly bound: number;
  readonly rounds: number;
  readonly calls: number;
}

const PAUSES: readonly Pause[] = {
  full: [
    { ms: 5, bound: 1, rounds: 10, calls: 30 },
    { ms: 100, bound: 1.1, rounds: 8, calls: 6 },
    { ms: 1_000, bound: 1.3, rounds: 6, calls: 2 },
  ],
  brief: [
    { ms: 5, bound: 1, rounds: 7, calls: 11 },
    { ms: 100, bound: 1.1, rounds: 5, calls: 3 },
  ],
  quick: [
    { ms: 5, bound: 1, rounds: 2, calls: 5 },
    { ms: 100, bound: 1.1, rounds: 1, calls: 1 },
  ],
}[given.effort];

// First of all: see there.
const peer = koffiAsync(testlib);
const own = await offthread('koffi', testlib, WORKERS);
const field: readonly Contestant[] = [
  peer,
  own,
  await offthread('ffi-rs', testlib, WORKERS),
  await offthread('koffi', testlib, WORKERS, 'process'),
  piscina('koffi', testlib, WORKERS, { concurrentTasksPerWorker: 1, atomics: 'sync' }),
  workerpool('koffi', testlib, WORKERS),
];

const report = new Report('cold-calls', given);
for (const contestant of field) await trips(contestant, WARM_UP, 0);
for (const { ms, bound, rounds, calls } of PAUSES) {
  const measured = await tripsInTurns(field, rounds, calls, ms);
  report.table(`After a pause of ${ms} ms, ${rounds} rounds of ${calls} in turns, µs`, tripRows(measured), {
    plot: TRIP_PLOT,
  });
  report.say();
  const medians = (one: Contestant): readonly number[] =>
    measured.find(({ contestant }) => contestant === one)?.medians ?? [];
  const what = `p50 of ${label(own)} against ${label(peer)}, after ${ms} ms`;
  report.ratio(what, ratios(medians(own), medians(peer)), 'lower', bound);
}
await closeField(field);
report.end();
