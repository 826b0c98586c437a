/**
 * Calls that block for 10 ms, and for 1 ms: do N lanes run N of them at a time,
 * and does the host's event loop notice any of it?
 *
 * Targets, for 10 ms: within 5 % of N x 100 calls a second; the 99th percentile
 * of the event loop's delay no more than twice what it is when nothing runs.
 * With 1 ms the system's own timers are part of the figure, so nothing is asked
 * of it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, summary } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import { type Sleeper, sleepers } from '../../peers/load/sleepers.js';

/** ms of the calls that are asked something of. */
const LONG_MS = 10;
/** Calls on hand for each lane: one running, one that waits. */
const IN_FLIGHT = 2;
/** ms between two looks at the event loop: the finest there is. */
const RESOLUTION = 1;
const given = benchmarkArguments();
const ROUNDS = given.quick ? 1 : 3;
const ROUND_MS = given.quick ? 100 : 600;

interface Measured {
  readonly callsPerSecond: number;
  /** Percentiles of the time between two looks at the event loop, in ms. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Runs something and watches the event loop meanwhile. */
async function watched(calls: number, run: () => Promise<unknown>): Promise<Measured> {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION });
  loop.enable();
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1_000;
  loop.disable();
  const at = (share: number): number => loop.percentile(share) / 1e6;
  return { callsPerSecond: calls / seconds, delay: { p50: at(50), p99: at(99), max: loop.max / 1e6 } };
}

async function load(sleeper: Sleeper, lanes: number, callMs: number): Promise<Measured> {
  const each = Math.round(ROUND_MS / callMs / IN_FLIGHT);
  const caller = async (): Promise<void> => {
    for (let call = 0; call < each; call += 1) {
      if ((await sleeper.sleep(callMs)) !== callMs) throw new Error(`${sleeper.name} gave a wrong result`);
    }
  };
  const callers = lanes * IN_FLIGHT;
  return watched(callers * each, () => Promise.all(Array.from({ length: callers }, caller)));
}

async function compare(field: readonly Sleeper[], lanes: number, callMs: number): Promise<void> {
  const contestants: (Sleeper | null)[] = [null, ...field];
  const measured = await interleave(contestants, ROUNDS, (sleeper) =>
    sleeper === null ? watched(0, () => sleep(ROUND_MS)) : load(sleeper, lanes, callMs),
  );
  const ideal = (lanes * 1_000) / callMs;
  const rows = contestants.map((sleeper, index) => {
    const rounds = measured[index] ?? [];
    return {
      sleeper,
      ...summary(rounds.map(({ callsPerSecond }) => callsPerSecond)),
      rates: rounds.map(({ callsPerSecond }) => callsPerSecond),
      p99s: rounds.map(({ delay }) => delay.p99),
      p50: median(rounds.map(({ delay }) => delay.p50)),
      maxDelay: Math.max(...rounds.map(({ delay }) => delay.max)),
    };
  });
  report.table(
    `${lanes} lanes, calls of ${callMs} ms, ${IN_FLIGHT * lanes} in flight, ${ROUNDS} rounds in turns`,
    rows.map(({ sleeper, median: rate, least, most, p50, p99s, maxDelay }) => ({
      contestant: sleeper?.name ?? 'nothing runs',
      'calls/s': rate,
      least,
      most,
      '% of ideal': (rate / ideal) * 100,
      'loop p50 ms': p50,
      'loop p99 ms': median(p99s),
      'loop max ms': maxDelay,
    })),
    { plot: { value: 'calls/s', unit: 'calls/s', better: 'higher' } },
  );
  const idle = rows.find(({ sleeper }) => sleeper === null);
  const own = rows.find(({ sleeper }) => sleeper?.ours === true);
  if (callMs !== LONG_MS || own === undefined || idle === undefined) return;
  report.say();
  const shares = own.rates.map((rate) => rate / ideal);
  report.ratio(`calls/s on ${lanes} lanes, of ${figure(ideal)}`, shares, 'higher', 0.95);
  report.ratio(
    `p99 of the event loop's delay on ${lanes} lanes, ${figure(median(own.p99s))} ms, against idle`,
    ratios(own.p99s, idle.p99s),
    'lower',
    2,
  );
}

const report = new Report('blocking', given);
report.say(
  `The delay is the time between two looks at the event loop that are ${RESOLUTION} ms apart when it is free.`,
);
for (const lanes of [2, 4, 8]) {
  const field = await sleepers(lanes);
  // Warm: the threads are started, the function is measured.
  for (const { sleep: call } of field) await Promise.all(Array.from({ length: lanes * 2 }, () => call(1)));
  for (const callMs of [LONG_MS, 1]) await compare(field, lanes, callMs);
  for (const { close } of field) await close();
}
report.end();
