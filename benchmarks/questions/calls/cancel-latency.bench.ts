/**
 * Cancelling a running call: how long until native code sees its flag?
 *
 * Native code reads its flag without pause and returns CLOCK_MONOTONIC of the
 * moment it found it set. On Linux that is the clock of process.hrtime, which
 * is read just before `cancel()`. A cancelled call does not give its caller
 * what native code returned, so that is read from the call's row.
 *
 * Target: within 1 ms at the 99th percentile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../../../src/calls/call.js';
import { CallCancelledError, createPool } from 'offthread';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { returned } from '../../harness/measure/returned.js';
import { percentile, median } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';

const given = benchmarkArguments();
const SAMPLES = given.quick ? 30 : 1_000;
const MAX_MS = 10_000;

interface Sample {
  /** µs from `cancel()` to native code that sees it. */
  readonly seen: number;
  /** µs from `cancel()` to the rejection. */
  readonly rejected: number;
}

async function sample(start: () => Call): Promise<Sample> {
  const call = start();
  while (call.state !== 'running') await sleep(0);
  const rejection = call.then(
    () => {
      throw new Error('the call was not cancelled');
    },
    (error: unknown) => {
      if (!(error instanceof CallCancelledError)) throw error;
      return process.hrtime.bigint();
    },
  );
  const before = process.hrtime.bigint();
  call.cancel();
  const rejectedAt = await rejection;
  const seenAt = returned(call, 'u64');
  if (seenAt < before || seenAt > rejectedAt) throw new Error(`seen at ${seenAt}, cancelled at ${before}`);
  return { seen: Number(seenAt - before) / 1_000, rejected: Number(rejectedAt - before) / 1_000 };
}

const report = new Report('cancel-latency', given);
const pool = createPool({ lanes: 1 });
const targets: { engine: string; p99: number }[] = [];
const rows: Record<string, string | number>[] = [];
for (const engine of ['koffi', 'ffi-rs'] as const) {
  const { ot_await_cancel_ns } = await pool.open(
    testlib,
    { ot_await_cancel_ns: { arguments: ['cancelFlag', 'i32'], return: 'u64' } },
    { engine },
  );
  const samples: Sample[] = [];
  for (let taken = 0; taken < SAMPLES; taken += 1) {
    samples.push(await sample(() => ot_await_cancel_ns(MAX_MS) as unknown as Call));
  }
  for (const [what, key] of [
    ['flag seen by native code', 'seen'],
    ['call rejected', 'rejected'],
  ] as const) {
    const micros = samples.map((one) => one[key]);
    rows.push({
      'from cancel() to': `${what}, ${engine}`,
      p50: median(micros),
      p90: percentile(micros, 0.9),
      p99: percentile(micros, 0.99),
      max: Math.max(...micros),
    });
    if (key === 'seen') targets.push({ engine, p99: percentile(micros, 0.99) });
  }
}
await pool.close();
report.table(`${SAMPLES.toLocaleString('en')} running calls cancelled on each engine, µs`, rows, {
  plot: { value: 'p99', unit: 'µs', better: 'lower' },
});
report.say();
for (const { engine, p99 } of targets) {
  report.target({
    what: `p99 from cancel() to native code, ${engine}`,
    measured: `${figure(p99)} µs`,
    wanted: 'at most 1,000 µs',
    value: p99,
    bound: 1_000,
    better: 'lower',
  });
}
report.end();
