/**
 * Calls that block: do N lanes run N calls of 10 ms at a time, and does the
 * host's event loop notice any of it?
 *
 * Targets: within 5 % of N x 100 calls a second; the 99th percentile of the
 * event loop's delay no more than twice what it is when nothing runs.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchmarkArguments } from './harness/arguments.js';
import { testlib } from './harness/lab.js';
import { Report } from './harness/report.js';
import { interleave } from './harness/rounds.js';
import { median } from './harness/statistics.js';
import { figure } from './harness/table.js';
import { type Sleeper, koffiAsyncSleeper, offthreadSleeper, piscinaSleeper } from './peers/sleepers.js';

const CALL_MS = 10;
/** Calls on hand for each lane: one running, one that waits. */
const IN_FLIGHT = 2;
/** ms between two looks at the event loop: the finest there is. */
const RESOLUTION = 1;
const given = benchmarkArguments();
const ROUNDS = given.quick ? 1 : 3;
const ROUND_MS = given.quick ? 200 : 1_000;

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

async function load(sleeper: Sleeper, lanes: number): Promise<Measured> {
  const each = Math.round(ROUND_MS / CALL_MS / IN_FLIGHT);
  const caller = async (): Promise<void> => {
    for (let call = 0; call < each; call += 1) {
      if ((await sleeper.sleep(CALL_MS)) !== CALL_MS) throw new Error(`${sleeper.name} gave a wrong result`);
    }
  };
  const callers = lanes * IN_FLIGHT;
  return watched(callers * each, () => Promise.all(Array.from({ length: callers }, caller)));
}

async function compare(lanes: number): Promise<void> {
  const sleepers = [
    piscinaSleeper(testlib, lanes),
    koffiAsyncSleeper(testlib),
    await offthreadSleeper(testlib, lanes),
  ];
  // Warm: the threads are started, the function is measured.
  for (const { sleep: call } of sleepers) await Promise.all(Array.from({ length: lanes * 2 }, () => call(1)));
  const contestants: (Sleeper | null)[] = [null, ...sleepers];
  const measured = await interleave(contestants, ROUNDS, (sleeper) =>
    sleeper === null ? watched(0, () => sleep(ROUND_MS)) : load(sleeper, lanes),
  );
  const ideal = (lanes * 1_000) / CALL_MS;
  const rows = contestants.map((sleeper, index) => {
    const rounds = measured[index] ?? [];
    return {
      sleeper,
      rate: median(rounds.map(({ callsPerSecond }) => callsPerSecond)),
      p50: median(rounds.map(({ delay }) => delay.p50)),
      p99: median(rounds.map(({ delay }) => delay.p99)),
      max: Math.max(...rounds.map(({ delay }) => delay.max)),
    };
  });
  report.table(
    `${lanes} lanes, calls of ${CALL_MS} ms, ${IN_FLIGHT * lanes} in flight, ${ROUNDS} rounds in turns`,
    rows.map(({ sleeper, rate, p50, p99, max }) => ({
      contestant: sleeper?.name ?? 'nothing runs',
      'calls/s': sleeper === null ? '' : figure(rate),
      'of ideal': sleeper === null ? '' : `${((rate / ideal) * 100).toFixed(1)} %`,
      'loop p50 ms': p50,
      'loop p99 ms': p99,
      'loop max ms': max,
    })),
  );
  const idle = rows.find(({ sleeper }) => sleeper === null)?.p99 ?? NaN;
  const best = Math.max(...rows.filter(({ sleeper }) => sleeper?.ours === false).map(({ rate }) => rate));
  const own = rows.find(({ sleeper }) => sleeper?.ours === true);
  if (own === undefined) return;
  report.say();
  report.target({
    what: `calls/s on ${lanes} lanes`,
    measured: `${((own.rate / ideal) * 100).toFixed(1)} % of ${figure(ideal)}, ${figure(own.rate / best)} times the best peer`,
    wanted: 'at least 95 %',
    met: own.rate >= ideal * 0.95,
  });
  report.target({
    what: `p99 of the event loop's delay on ${lanes} lanes`,
    measured: `${figure(own.p99)} ms, ${figure(own.p99 / idle)} times idle`,
    wanted: 'at most 2 times',
    met: own.p99 <= idle * 2,
  });
  for (const { close } of sleepers) await close();
}

const report = new Report('blocking', given);
report.say(
  `The delay is the time between two looks at the event loop that are ${RESOLUTION} ms apart when it is free.`,
);
for (const lanes of [2, 4, 8]) await compare(lanes);
report.end();
