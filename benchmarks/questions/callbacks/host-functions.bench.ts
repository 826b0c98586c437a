/**
 * Functions on the host that native code calls and waits for: how long is a
 * round trip?
 *
 * Measured on the host, from one call of the function to the next: the answer
 * goes to native code, native code calls back again. For comparison, measured
 * in the same way: a bare message to a worker and back, and the known
 * construction, a callback that posts a message and blocks in `Atomics.wait`
 * until the host notifies.
 *
 * And a thousand native calls at once on four lanes, each with an asynchronous
 * function of its own that waits for a timer: does everyone get its own value,
 * and do the timers run beside each other?
 *
 * Targets: p50 at most twice that of the bare messages; no value mixed up.
 */
import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { callback, createPool } from 'offthread';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, percentile, summary } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import { type Asker, blockingAsker, offthreadAsker, pingPong } from '../../peers/callbacks/askers.js';

const given = benchmarkArguments();
const ROUNDS = given.quick ? 3 : 9;
const CALLS = given.quick ? 300 : 3_000;
const WARM_UP = given.quick ? 1_000 : 10_000;
const LANES = 4;
const CONCURRENT = 1_000;
/** ms that a function waits: any whole number up to this. */
const MOST_MS = 20;

/** When the function of the contestant that runs was called. */
let times = new Float64Array(0);
const seen = (n: number): number => {
  times[n] = performance.now();
  return n + 1;
};
const seenAsync = async (n: number): Promise<number> => seen(n);
const there = Promise.resolve();
/** One that waits for what is there already: its answer comes a few microtasks later. */
const seenLater = async (n: number): Promise<number> => {
  const answer = seen(n);
  await there;
  return answer;
};

interface Round {
  /** µs from each call of the function to the next. */
  readonly micros: readonly number[];
  /** µs of CPU for a call, of all threads. */
  readonly cpuUs: number;
}

async function round({ name, ask }: Asker, calls: number): Promise<Round> {
  times = new Float64Array(calls + 1).fill(NaN);
  const cpu = process.cpuUsage();
  const sum = await ask(calls + 1);
  const { user, system } = process.cpuUsage(cpu);
  if (sum !== ((calls + 1) * (calls + 2)) / 2) throw new Error(`${name}: a wrong sum of answers, ${sum}`);
  return {
    micros: Array.from({ length: calls }, (_, n) => ((times[n + 1] ?? NaN) - (times[n] ?? NaN)) * 1_000),
    cpuUs: (user + system) / calls,
  };
}

async function roundTrips(): Promise<void> {
  const bare = await pingPong('bare messages', seen);
  const ours = [
    await offthreadAsker('offthread, function', testlib, seen),
    await offthreadAsker('offthread, async function', testlib, seenAsync),
    await offthreadAsker('offthread, async function that awaits', testlib, seenLater),
  ];
  const askers = [
    bare,
    ...ours,
    await blockingAsker('postMessage + Atomics.wait, function', testlib, seen),
    await blockingAsker('postMessage + Atomics.wait, async function', testlib, seenAsync),
    await blockingAsker('postMessage + Atomics.wait, async function that awaits', testlib, seenLater),
  ];
  for (const asker of askers) await round(asker, WARM_UP);
  const measured = await interleave(askers, ROUNDS, (asker) => round(asker, CALLS));
  const rows = askers.map((asker, index) => {
    const rounds = measured[index] ?? [];
    return {
      asker,
      all: rounds.flatMap(({ micros }) => micros),
      medians: rounds.map(({ micros }) => median(micros)),
      cpuUs: median(rounds.map(({ cpuUs }) => cpuUs)),
    };
  });
  const yardstick = rows.find(({ asker }) => asker === bare)?.medians ?? [];
  report.table(
    `From one call to the next, ${ROUNDS} rounds of ${CALLS.toLocaleString('en')} in turns, µs`,
    rows.map(({ asker, all, medians, cpuUs }) => ({
      contestant: asker.name,
      p50: median(all),
      p90: percentile(all, 0.9),
      p99: percentile(all, 0.99),
      'least p50': Math.min(...medians),
      'most p50': Math.max(...medians),
      'CPU µs': cpuUs,
      'x bare messages': median(ratios(medians, yardstick)),
    })),
    { plot: { value: 'p50', unit: 'µs', better: 'lower', spread: ['least p50', 'most p50'] } },
  );
  report.say();
  for (const { asker, medians } of rows) {
    if (!asker.ours) continue;
    const { median: ratio, least, most } = summary(ratios(medians, yardstick));
    report.target({
      what: `p50 of ${asker.name} against bare messages`,
      measured: `${figure(median(medians))} µs against ${figure(median(yardstick))} µs, ${figure(ratio)} times (${figure(least)} to ${figure(most)})`,
      wanted: 'at most 2 times',
      value: ratio,
      bound: 2,
      better: 'lower',
    });
  }
  for (const { close } of askers) await close();
}

async function crowd(): Promise<void> {
  const pool = createPool({ lanes: LANES, maxQueue: CONCURRENT });
  const { ot_call_callback } = await pool.open(
    testlib,
    {
      ot_call_callback: {
        arguments: [callback({ arguments: ['i32'], return: 'i32' }), 'i32'],
        return: 'i32',
      },
    },
    { engine: 'koffi' },
  );
  const one = (n: number): number => n + 1;
  await Promise.all(Array.from({ length: LANES * 2 }, () => ot_call_callback(one, 1)));
  let asked = 0;
  let waited = 0;
  let running = 0;
  let atOnce = 0;
  const own = async (value: number): Promise<boolean> => {
    const ms = randomInt(MOST_MS + 1);
    asked += Math.max(1, ms);
    const answer = await ot_call_callback(async () => {
      running += 1;
      atOnce = Math.max(atOnce, running);
      const start = performance.now();
      await sleep(ms);
      waited += performance.now() - start;
      running -= 1;
      return value;
    }, 1);
    return answer === value;
  };
  const start = performance.now();
  const right = await Promise.all(Array.from({ length: CONCURRENT }, (_, number) => own(1_000_003 * number)));
  const took = performance.now() - start;
  await pool.close();
  report.table(
    `${CONCURRENT.toLocaleString('en')} calls at once on ${LANES} lanes, each with a function that waits for a timer of up to ${MOST_MS} ms`,
    [
      {
        'took ms': took,
        'timers / lanes, ms': asked / LANES,
        'x that': took / (asked / LANES),
        'timers as they ran / lanes, ms': waited / LANES,
        'x that too': took / (waited / LANES),
        'functions at once': atOnce,
      },
    ],
  );
  const wrong = right.filter((fine) => !fine).length;
  report.say();
  report.target({
    what: 'calls that got the value of another',
    measured: `${wrong} of ${CONCURRENT.toLocaleString('en')}`,
    wanted: '0',
    value: wrong,
    bound: 0,
    better: 'lower',
  });
}

const report = new Report('host-functions', given);
await roundTrips();
await crowd();
report.end();
