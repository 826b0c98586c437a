/**
 * One call at a time: how long until its promise is settled, when nothing else
 * is going on?
 *
 * Asked twice: one call straight after the other, and with a pause before each
 * call, long enough that threads go to sleep.
 *
 * Target: offthread's median below that of koffi.async, straight after each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { benchmarkArguments } from './harness/arguments.js';
import { Report } from './harness/report.js';
import { interleave } from './harness/rounds.js';
import { median, percentile } from './harness/statistics.js';
import { figure } from './harness/table.js';
import type { Contestant } from './peers/contestant.js';
import { closeField, fieldForLatency, label } from './peers/field.js';

const given = benchmarkArguments();
const ROUNDS = given.quick ? 2 : 5;
const WARM_UP = given.quick ? 200 : 3_000;
const CALLS = given.quick ? 200 : 2_000;
const PAUSED_CALLS = given.quick ? 5 : 40;
const PAUSE_MS = 5;
/** Beyond offthread's lease: its lanes then no longer keep the process alive, and take a new task with the next call. */
const LONG_PAUSE_MS = 100;
const LONG_PAUSED_CALLS = given.quick ? 1 : 6;

/** µs of each call. */
async function trips({ add }: Contestant, calls: number, pauseMs: number): Promise<number[]> {
  const micros: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    if (pauseMs > 0) await sleep(pauseMs);
    const start = process.hrtime.bigint();
    const sum = await add(call, 1);
    const end = process.hrtime.bigint();
    if (sum !== call + 1) throw new Error(`${call} + 1 is not ${sum}`);
    micros.push(Number(end - start) / 1_000);
  }
  return micros;
}

async function measure(
  title: string,
  field: readonly Contestant[],
  calls: number,
  pauseMs: number,
): Promise<Map<Contestant, number>> {
  const measured = await interleave(field, ROUNDS, (contestant) => trips(contestant, calls, pauseMs));
  const rows = field.map((contestant, index) => {
    const rounds = measured[index] ?? [];
    const medians = rounds.map(median);
    return { contestant, all: rounds.flat(), medians };
  });
  report.table(
    `${title}, ${ROUNDS} rounds of ${calls} in turns, µs`,
    rows
      .toSorted((one, other) => median(one.all) - median(other.all))
      .map(({ contestant, all, medians }) => ({
        contestant: label(contestant),
        p50: median(all),
        p90: percentile(all, 0.9),
        p99: percentile(all, 0.99),
        'least p50': Math.min(...medians),
        'most p50': Math.max(...medians),
      })),
  );
  return new Map(rows.map(({ contestant, all }) => [contestant, median(all)]));
}

const report = new Report('round-trip', given);
const field = await fieldForLatency(2);
for (const contestant of field) await trips(contestant, WARM_UP, 0);
const medians = await measure('One straight after the other', field, CALLS, 0);
const [, koffiAsync = NaN] = [...medians].find(([{ name }]) => name === 'koffi.async') ?? [];
report.say();
for (const [contestant, p50] of medians) {
  if (!contestant.ours) continue;
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
