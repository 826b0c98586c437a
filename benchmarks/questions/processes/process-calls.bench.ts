/**
 * Small calls to other processes: how many additions of two integers a second,
 * and how long for one, on two process lanes or worker processes?
 *
 * Every call has a promise of its own, and the native call is made by koffi
 * everywhere. Everybody has its processes from before the first call;
 * offthread's spare has nothing to do. One call at a time is asked for twice:
 * straight after each other, and with a pause before each, long enough that
 * everybody sleeps. offthread's thread lanes are there for reference: they are
 * no peer. Calls for which the host blocks are compared with theirs.
 *
 * Targets: at least 3 times the best of the peers' processes, at every load, one
 * call straight after the other included; a call for which the host blocks at
 * most 3 times as long as in a thread lane.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { median, percentile } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
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
import {
  TRIP_PLOT,
  blockingTrips,
  inTurns,
  tripRows,
  trips,
  tripsInTurns,
} from '../../harness/measure/trips.js';
import { type Contestant, closeField, label } from '../../peers/contestant.js';
import { offthread } from '../../peers/libraries/offthread.js';
import { tinypool } from '../../peers/libraries/tinypool.js';
import { workerpool } from '../../peers/libraries/workerpool.js';

const WORKERS = 2;
const WANTED = 3;
/** Most times of a thread lane's blocking call. */
const MOST_BLOCKING = 3;
const given = benchmarkArguments();
const EFFORT: Effort = {
  full: { rounds: 7, roundMs: 150, warmUpMs: 500 },
  brief: { rounds: 5, roundMs: 100, warmUpMs: 300 },
  quick: { rounds: 2, roundMs: 30, warmUpMs: 30 },
}[given.effort];
const TRIP_ROUNDS = { full: 5, brief: 3, quick: 2 }[given.effort];
const TRIPS = { full: 2_000, brief: 1_000, quick: 200 }[given.effort];
const WARM_UP_TRIPS = given.quick ? 200 : 3_000;
const PAUSED_TRIPS = { full: 40, brief: 5, quick: 5 }[given.effort];
/** ms: long enough that everybody sleeps. */
const PAUSE_MS = 5;

const processes = await offthread('koffi', testlib, WORKERS, 'process');
const threads = await offthread('koffi', testlib, WORKERS);
const field: readonly Contestant[] = [
  processes,
  threads,
  tinypool('koffi', testlib, WORKERS, 1, 'child_process'),
  tinypool('koffi', testlib, WORKERS, 32, 'child_process'),
  workerpool('koffi', testlib, WORKERS, 'process'),
];

/** @param times how often the figure of the peer goes into ours, or ours into the peer's: of each round. */
function target(what: string, peer: string, times: readonly number[]): void {
  report.ratio(`${what}, ${label(processes)} against ${peer}`, times, 'higher', WANTED);
}

async function measureThroughput(runners: readonly Runner[], inFlight: number): Promise<void> {
  const rated = await throughput(runners, inFlight, EFFORT);
  const flight = `${inFlight.toLocaleString('en')} in flight`;
  report.table(`${flight}, ${EFFORT.rounds} rounds in turns`, rateRows(rated), { plot: ratePlot() });
  report.say();
  const own = rated.find(({ name }) => name === label(processes));
  const best = fastest(rated, isPeer);
  if (own !== undefined && best !== undefined) {
    target(`calls a second with ${flight}`, best.name, ratios(own.rates, best.rates));
  }
}

async function measureTrips(): Promise<void> {
  for (const contestant of field) await trips(contestant, WARM_UP_TRIPS, 0);
  const measured = await tripsInTurns(field, TRIP_ROUNDS, TRIPS, 0);
  report.table(`One at a time, ${TRIP_ROUNDS} rounds of ${TRIPS} in turns, µs`, tripRows(measured), {
    plot: TRIP_PLOT,
  });
  report.say();
  const own = measured.find(({ contestant }) => contestant === processes);
  const best = measured.find(({ contestant }) => !contestant.ours);
  if (own === undefined || best === undefined) return;
  target('round trip, p50', label(best.contestant), ratios(best.medians, own.medians));
  report.say(
    `        p99 of all rounds: ${figure(percentile(own.all, 0.99))} µs against ` +
      `${figure(percentile(best.all, 0.99))} µs; p50 ${figure(median(own.all))} µs against ${figure(median(best.all))} µs`,
  );
}

async function measurePaused(): Promise<void> {
  const measured = await tripsInTurns(field, TRIP_ROUNDS, PAUSED_TRIPS, PAUSE_MS);
  report.table(
    `After a pause of ${PAUSE_MS} ms, ${TRIP_ROUNDS} rounds of ${PAUSED_TRIPS} in turns, µs`,
    tripRows(measured),
    { plot: TRIP_PLOT },
  );
}

async function measureBlocking(): Promise<void> {
  const both = [processes, threads];
  for (const contestant of both) blockingTrips(contestant, WARM_UP_TRIPS);
  const measured = await inTurns(both, TRIP_ROUNDS, async (contestant) => blockingTrips(contestant, TRIPS));
  report.table(
    `The host blocks for each, ${TRIP_ROUNDS} rounds of ${TRIPS} in turns, µs`,
    tripRows(measured),
    { plot: TRIP_PLOT },
  );
  report.say();
  const mediansOf = (one: Contestant): readonly number[] =>
    measured.find(({ contestant }) => contestant === one)?.medians ?? [];
  const what = `p50 of a blocking call, ${label(processes)} against ${label(threads)}`;
  report.ratio(what, ratios(mediansOf(processes), mediansOf(threads)), 'lower', MOST_BLOCKING);
}

const report = new Report('process-calls', given);
await measureTrips();
await measureBlocking();
await measurePaused();
const runners = await runnersOf(field);
for (const inFlight of [1, 64, 1_024]) await measureThroughput(runners, inFlight);
await closeField(field);
report.end();
