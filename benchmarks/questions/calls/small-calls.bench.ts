/**
 * Many small calls: how many additions of two integers a second, every call
 * with a promise of its own, on two lanes or workers?
 *
 * Peers are tuned as their documentation advises for small tasks: as many
 * threads from the start as there are ever, no timing records, many tasks a
 * worker where a pool has that, each of the ways to wake a worker. koffi.async
 * is not asked for more calls at once than koffi takes. Two are no peers: a
 * plain loop on the main thread, without promises, shows what one thread could
 * do; promises that are settled a turn later, without any call, what promises
 * take by themselves.
 *
 * Targets: with 1,024 in flight, offthread with koffi at least 25 times the best
 * peer, with ffi-rs at least 7 times the best with ffi-rs; with 64 in flight,
 * koffi 8 times; with 64, 1,024 and 16,384 in flight, koffi at least 0.4 of what
 * promises alone reach.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { ratios } from '../../harness/measure/rounds.js';
import { times } from '../../harness/report/table.js';
import {
  type Effort,
  type Rated,
  type Runner,
  fastest,
  isPeer,
  ratePlot,
  rateRows,
  runnersOf,
  throughput,
} from '../../harness/measure/throughput.js';
import { type Ffi, closeField } from '../../peers/contestant.js';
import { fieldForThroughput } from '../../peers/calls/field.js';
import { KOFFI_ASYNC_CALLS } from '../../peers/libraries/koffi-async.js';
import { plainLoop } from '../../peers/calls/plain-loop.js';
import { promisesAlone } from '../../peers/calls/promises-alone.js';

const WORKERS = 2;
const given = benchmarkArguments();
const EFFORT: Effort = {
  full: { rounds: 7, roundMs: 100, warmUpMs: 200 },
  brief: { rounds: 3, roundMs: 60, warmUpMs: 150 },
  quick: { rounds: 2, roundMs: 30, warmUpMs: 30 },
}[given.effort];
/** A round of so many calls in flight takes longer by itself. */
const MANY_EFFORT: Effort = given.quick ? { ...EFFORT, rounds: 1 } : { ...EFFORT, rounds: 3 };
/** Short rounds, and many: a collection in one of them weighs much. */
const SHARE_EFFORT: Effort = {
  full: { rounds: 41, roundMs: 40, warmUpMs: 300 },
  brief: { rounds: 21, roundMs: 40, warmUpMs: 200 },
  quick: { rounds: 2, roundMs: 20, warmUpMs: 20 },
}[given.effort];
const SHARE = 0.4;

function compare(what: string, own: Rated, peer: Rated, wanted?: number): void {
  const all = ratios(own.rates, peer.rates);
  const between = `${own.name} against ${peer.name}, ${what}`;
  if (wanted === undefined) report.say(`        ${between}: ${times(all)}`);
  else report.ratio(between, all, 'higher', wanted);
}

async function measure(
  runners: readonly Runner[],
  inFlight: number,
  wanted: { readonly [F in Ffi]?: number },
): Promise<void> {
  const flight = `${inFlight.toLocaleString('en')} in flight`;
  const effort = inFlight > KOFFI_ASYNC_CALLS ? MANY_EFFORT : EFFORT;
  const able = runners.filter(
    ({ contestant }) => inFlight <= KOFFI_ASYNC_CALLS || contestant.name !== 'koffi.async',
  );
  const rated = await throughput(able, inFlight, effort);
  report.table(`${flight}, ${effort.rounds} rounds in turns`, rateRows(rated), { plot: ratePlot() });
  report.say();
  const best = fastest(rated, isPeer);
  for (const ffi of ['koffi', 'ffi-rs'] as const) {
    const own = fastest(rated, (one) => one.ours && one.ffi === ffi);
    const same = fastest(rated, (one) => isPeer(one) && one.ffi === ffi);
    if (own === undefined || best === undefined || same === undefined) continue;
    // koffi, the fastest FFI, has to stand against all; beside ffi-rs against its own is told what all are.
    if (ffi === 'koffi') compare(flight, own, best, wanted.koffi);
    else {
      compare(flight, own, same, wanted['ffi-rs']);
      if (same !== best) compare(flight, own, best);
    }
  }
}

/** What promises alone allow, and how much of it is reached: these two in turns, with nobody in between. */
async function share(runners: readonly Runner[], alone: Runner): Promise<void> {
  const able = [...runners.filter(({ contestant }) => contestant.ours && contestant.ffi === 'koffi'), alone];
  for (const inFlight of [64, 1_024, 16_384]) {
    const flight = `${inFlight.toLocaleString('en')} in flight`;
    const rated = await throughput(able, inFlight, SHARE_EFFORT);
    report.table(`promises alone, ${flight}, ${SHARE_EFFORT.rounds} rounds in turns`, rateRows(rated));
    report.say();
    const [own, limit] = rated;
    if (own === undefined || limit === undefined) continue;
    report.ratio(
      `share of promises alone, ${own.name}, ${flight}`,
      ratios(own.rates, limit.rates),
      'higher',
      SHARE,
    );
  }
}

const report = new Report('small-calls', given);
const field = await fieldForThroughput(WORKERS);
const runners = [...(await runnersOf(field)), plainLoop('koffi', testlib), plainLoop('ffi-rs', testlib)];
// In brief: only what has a figure to reach.
const whole = given.effort !== 'brief';
if (whole) await measure(runners, 1, {});
await measure(runners, 64, { koffi: 8 });
await measure(runners, 1_024, { koffi: 25, 'ffi-rs': 7 });
if (whole) await measure(runners, 16_384, {});
const [alone] = await runnersOf([promisesAlone()]);
if (alone !== undefined) await share(runners, alone);
await closeField(field);
report.end();
