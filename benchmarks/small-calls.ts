/**
 * Many small calls: how many additions of two integers a second, every call
 * with a promise of its own, on two lanes or workers?
 *
 * Targets: with 1,024 in flight, offthread with koffi at least 20 times the
 * best peer, with ffi-rs at least 6 times; with 64 in flight, koffi 6 times.
 */
import { benchmarkArguments } from './harness/arguments.js';
import { type callers, ownCallers } from './harness/callers.js';
import { Report } from './harness/report.js';
import { interleave, ratios } from './harness/rounds.js';
import { median, summary } from './harness/statistics.js';
import { figure } from './harness/table.js';
import type { Contestant, Ffi } from './peers/contestant.js';
import { closeField, fieldForThroughput, label } from './peers/field.js';

const WORKERS = 2;
const given = benchmarkArguments();
const ROUNDS = given.quick ? 2 : 7;
const ROUND_MS = given.quick ? 30 : 150;
const WARM_UP_MS = given.quick ? 30 : 300;

interface Runner {
  readonly contestant: Contestant;
  readonly run: typeof callers;
  /** Calls of each caller in a round. */
  each: number;
}

/** One round. @returns calls per second. */
async function rate({ contestant, run, each }: Runner, inFlight: number): Promise<number> {
  const start = performance.now();
  const wrong = await run(contestant.add, inFlight, each);
  const seconds = (performance.now() - start) / 1_000;
  if (wrong > 0) throw new Error(`${label(contestant)} gave ${wrong} wrong results`);
  return (inFlight * each) / seconds;
}

/** Warms up, and finds how many calls a round takes. */
async function prepare(runner: Runner, inFlight: number): Promise<void> {
  runner.each = Math.max(1, Math.ceil(256 / inFlight));
  let reached = 0;
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) {
    reached = await rate(runner, inFlight);
    runner.each = Math.max(1, Math.round((reached * ROUND_MS) / 2_000 / inFlight));
  }
  runner.each = Math.max(1, Math.round((reached * ROUND_MS) / 1_000 / inFlight));
}

async function measure(runners: readonly Runner[], inFlight: number): Promise<void> {
  for (const runner of runners) await prepare(runner, inFlight);
  const rates = await interleave(runners, ROUNDS, (runner) => rate(runner, inFlight));
  const results = runners.map(({ contestant }, index) => ({ contestant, rates: rates[index] ?? [] }));
  const bestOf = (accept: (contestant: Contestant) => boolean): (typeof results)[number] | undefined =>
    results
      .filter(({ contestant }) => accept(contestant))
      .toSorted((one, other) => median(other.rates) - median(one.rates))[0];
  const best = bestOf(({ ours }) => !ours);
  report.table(
    `${inFlight.toLocaleString('en')} in flight, ${ROUNDS} rounds in turns`,
    results
      .toSorted((one, other) => median(other.rates) - median(one.rates))
      .map((result) => {
        const { median: middle, least, most } = summary(result.rates);
        return {
          contestant: label(result.contestant),
          'calls/s': middle,
          least,
          most,
          'x best peer': median(ratios(result.rates, best?.rates ?? [])),
        };
      }),
  );
  const compare = (ffi: Ffi, against: (typeof results)[number] | undefined, wanted: number): void => {
    const own = bestOf((one) => one.ours && one.ffi === ffi);
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
    bestOf(({ ours, ffi }) => !ours && ffi === 'ffi-rs'),
    6,
  );
  compare('ffi-rs', best, 6);
}

const report = new Report('small-calls', given);
const field = await fieldForThroughput(WORKERS);
const runners: Runner[] = [];
for (const contestant of field) {
  runners.push({ contestant, run: await ownCallers(label(contestant)), each: 1 });
}
for (const inFlight of [1_024, 64]) await measure(runners, inFlight);
await closeField(field);
report.end();
