/**
 * A million calls: does anything stay behind?
 *
 * A mix of what a program does: plain calls, calls with a long-lived signal, a
 * signal of their own, a timeout or a deadline, texts, bytes, calls that fail
 * and calls that are cancelled. After each 100,000 everything has settled, and
 * heap (after a collection), memory of the process, slots and listeners are read.
 *
 * Target: flat from the 100,000th call to the last.
 */
import { getEventListeners } from 'node:events';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { collect } from '../../harness/processes/memory.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { slope } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import { createPool, OffthreadError } from 'offthread';

const given = benchmarkArguments();
const SAMPLES = 10;
const CALLS = given.quick ? 2_000 : 100_000;
const IN_FLIGHT = 500;
/** What a flat line may gain from the first sample to the last. */
const HEAP_MB = 1;
const RSS_SHARE = 0.1;

const pool = createPool({ lanes: 2, maxQueue: IN_FLIGHT });
const library = await pool.open(
  testlib,
  {
    ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
    ot_strlen: { arguments: ['cstring'], return: 'i32' },
    ot_echo_owned: { arguments: ['cstring'], return: { cstring: { free: 'ot_free' } } },
    ot_sum_bytes: { arguments: ['buffer', 'u64'], return: 'u64' },
    ot_fail: { arguments: ['i32'], return: 'i32', fails: 'nonzero', lastError: 'ot_last_error' },
  },
  { engine: 'ffi-rs' },
);
/** Outlives every call. */
const shutdown = new AbortController();
const withShutdown = library.ot_add.with({ signal: shutdown.signal });
const withTimeout = library.ot_add.with({ timeout: 10_000, deadline: 20_000 });
const bytes = new Uint8Array(256).fill(1);
const longBytes = new Uint8Array(8_192).fill(1);

async function expectFailure(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (error instanceof OffthreadError) return;
    throw error;
  }
}

async function expectSum(call: Promise<number>, sum: number): Promise<void> {
  if ((await call) !== sum) throw new Error('a wrong result');
}

/** The kinds of call, and how many of a hundred are of each. */
const mix: readonly (readonly [share: number, call: (n: number) => Promise<unknown>])[] = [
  [40, (n) => expectSum(library.ot_add(n, 1), n + 1)],
  [15, (n) => expectSum(withShutdown(n, 1), n + 1)],
  [15, (n) => expectSum(withTimeout(n, 1), n + 1)],
  [5, (n) => expectSum(library.ot_add.with({ signal: new AbortController().signal })(n, 1), n + 1)],
  [8, (n) => expectSum(library.ot_strlen(`call number ${n}`), `call number ${n}`.length)],
  [4, (n) => library.ot_echo_owned(`call number ${n}`)],
  [7, () => library.ot_sum_bytes(bytes, 256n)],
  [1, () => library.ot_sum_bytes(longBytes, 8_192n)],
  [3, (n) => expectFailure(library.ot_fail(n + 1))],
  [
    2,
    (n) => {
      const call = library.ot_add(n, 1);
      call.cancel();
      return expectFailure(call);
    },
  ],
];
const hundred = mix.flatMap(([share, call]) => Array.from({ length: share }, () => call));

async function caller(first: number, step: number, end: number): Promise<void> {
  for (let n = first; n < end; n += step) await hundred[(n * 37) % 100]?.(n);
}

interface Sample {
  readonly calls: number;
  readonly heapMb: number;
  readonly rssMb: number;
  readonly laneHeapMb: number;
  readonly pending: number;
  readonly listeners: number;
}

async function sample(calls: number): Promise<Sample> {
  await pool.drain();
  // Twice: what finalizers let go of is collected by the second.
  collect();
  await new Promise((resolve) => setTimeout(resolve, 20));
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  const reports = await pool.laneReports();
  const { queued, waiting, running, lanes } = pool.stats();
  return {
    calls,
    heapMb: heapUsed / 2 ** 20,
    rssMb: rss / 2 ** 20,
    laneHeapMb: reports.reduce((sum, lane) => sum + lane.heapUsedBytes, 0) / 2 ** 20,
    pending: queued + waiting + running + lanes.busy,
    listeners: getEventListeners(shutdown.signal, 'abort').length,
  };
}

const report = new Report('leak', given);
const samples: Sample[] = [];
for (let taken = 0; taken < SAMPLES; taken += 1) {
  const start = taken * CALLS;
  const end = start + CALLS;
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, n) => caller(start + n, IN_FLIGHT, end)));
  samples.push(await sample(end));
}
const stats = pool.stats();
await pool.close();

report.table(
  `${(SAMPLES * CALLS).toLocaleString('en')} calls, engine ${library.engine}, 2 lanes, ${IN_FLIGHT} in flight`,
  samples.map((one) => ({
    calls: one.calls.toLocaleString('en'),
    'heap MB': one.heapMb.toFixed(2),
    'RSS MB': one.rssMb.toFixed(1),
    "lanes' heap MB": one.laneHeapMb.toFixed(1),
    'calls not settled': one.pending,
    listeners: one.listeners,
  })),
);
const { succeeded, failed, cancelled, timedOut, refused, submitted } = stats;
report.say();
report.say(
  `succeeded ${figure(succeeded)}, failed ${figure(failed)}, cancelled ${figure(cancelled)}, ` +
    `timed out ${timedOut}, refused ${refused}; lanes lost ${stats.lanesLost}, crashed ${stats.lanesCrashed}`,
);
const perMillion = (read: (one: Sample) => number): string =>
  `${figure(slope(samples.map((one) => [one.calls / 1e6, read(one)])))} MB a million calls`;
const [first] = samples;
const last = samples.at(-1);
if (first !== undefined && last !== undefined) {
  const heap = last.heapMb - first.heapMb;
  const rss = last.rssMb / first.rssMb - 1;
  report.target({
    what: 'heap used, first sample to last',
    measured: `${heap >= 0 ? '+' : ''}${heap.toFixed(2)} MB, slope ${perMillion((one) => one.heapMb)}`,
    wanted: `at most +${HEAP_MB} MB`,
    value: heap,
    bound: HEAP_MB,
    better: 'lower',
  });
  report.target({
    what: 'memory of the process, first sample to last',
    measured: `${(rss * 100).toFixed(1)} %, slope ${perMillion((one) => one.rssMb)}`,
    wanted: `at most +${RSS_SHARE * 100} %`,
    value: rss,
    bound: RSS_SHARE,
    better: 'lower',
  });
  report.target({
    what: 'calls not settled and listeners on the signal, in every sample',
    measured: `at most ${Math.max(...samples.map(({ pending }) => pending))} and ${Math.max(...samples.map(({ listeners }) => listeners))}`,
    wanted: '0 and 0',
    value: Math.max(...samples.map(({ pending, listeners }) => pending + listeners)),
    bound: 0,
    better: 'lower',
  });
  const settled = succeeded + failed + cancelled + timedOut;
  report.target({
    what: 'every call settled once',
    measured: `${settled} of ${submitted} accepted, ${SAMPLES * CALLS} made`,
    wanted: 'all',
    value: Math.abs(settled - submitted) + Math.abs(submitted - SAMPLES * CALLS),
    bound: 0,
    better: 'lower',
  });
}
report.end();
