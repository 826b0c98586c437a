/**
 * A call that hangs in native code, and is cancelled: how long until its caller
 * is told, and how long until the lane's queue goes on?
 *
 * One lane, or one worker process, each. Native code ignores its cancel flag
 * and hangs until its process is killed. Another call is made when it hangs,
 * and waits behind it. offthread asks by the flag, gives native code its
 * `grace` to come back, kills, and then tells the caller; where there is no way
 * to ask, it tells at once, and kills 5 ms later. The peers have no flag: they
 * tell their callers at once, and end the process when they get to it. Whether
 * it is still there 50 ms after the caller was told is looked at as well: it
 * then still does what the caller believes to be over.
 *
 * Between calls everybody comes to rest: processes that are kept ready are
 * ready. offthread has its spare, but for one line of the table.
 *
 * Target: told at most 50 ms after the grace.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { answeredAfter, rejectedAfter } from '../../harness/measure/guard.js';
import { testlib } from '../../harness/paths.js';
import { shownMs, timeCells } from '../../harness/measure/percentiles.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave } from '../../harness/measure/rounds.js';
import { runs } from '../../harness/processes/process-exists.js';
import { percentile } from '../../harness/measure/statistics.js';
import { closeFragile, hangingField } from '../../peers/processes/fragile-field.js';
import type { Fragile } from '../../peers/processes/fragile.js';

const given = benchmarkArguments();
const ROUNDS = given.quick ? 2 : 10;
const GUARD_MS = 10_000;
const WANTED_MS = 50;
/** ms after the rejection at which the process is looked for. */
const LOOK_MS = 50;
/** ms for what the end of a process leaves to do. */
const REST_MS = 30;

interface Killed {
  /** ms from `cancel` to the rejection. */
  readonly rejected: number;
  /** ms from `cancel` to the answer of the call behind it. */
  readonly answered: number;
  /** Whether its process was still there a while after the rejection. */
  readonly left: boolean;
}

async function kill(contestant: Fragile): Promise<Killed> {
  const before = await contestant.processId();
  await sleep(REST_MS);
  const hung = await contestant.hang();
  const next = contestant.processId();
  await sleep(REST_MS);
  const start = process.hrtime.bigint();
  hung.cancel();
  const rejection = rejectedAfter(hung.ended, start, GUARD_MS);
  const answer = answeredAfter(next, start, GUARD_MS);
  const rejected = await rejection;
  await sleep(LOOK_MS);
  const left = runs(before);
  const { value, ms } = await answer;
  if (value === before)
    throw new Error(`${contestant.name}: process ${before} has answered, and should hang`);
  return { rejected, answered: ms, left };
}

const report = new Report('kill-latency', given);
const field = await hangingField(testlib);
for (const { contestant } of field) await contestant.rested();
const measured = await interleave(field, ROUNDS, ({ contestant }) => kill(contestant));
await closeFragile(field.map(({ contestant }) => contestant));
const results = field.map((patient, index) => ({ ...patient, killed: measured[index] ?? [] }));

report.table(
  `From cancel() to the rejection, ${ROUNDS} calls each in turns, ms`,
  results.map(({ contestant, killed }) => ({
    contestant: contestant.name,
    ...timeCells(killed.map(({ rejected }) => rejected)),
    [`there ${LOOK_MS} ms later`]: `${killed.filter(({ left }) => left).length} of ${killed.length}`,
  })),
  { plot: { value: 'p50', unit: 'ms', better: 'lower', scale: 'log' } },
);
report.table(
  `From cancel() to the answer of a call queued behind it, ${ROUNDS} calls each in turns, ms`,
  results.map(({ contestant, killed }) => ({
    contestant: contestant.name,
    ...timeCells(killed.map(({ answered }) => answered)),
  })),
  { plot: { value: 'p50', unit: 'ms', better: 'lower', scale: 'log' } },
);
report.say();
for (const { contestant, grace, killed } of results.filter(({ contestant }) => contestant.ours)) {
  const excess = killed.map(({ rejected }) => rejected - grace);
  const most = Math.max(...excess);
  report.target({
    what: `rejection after the grace, ${contestant.name}`,
    measured: `p50 ${shownMs(percentile(excess, 0.5))} ms, max ${shownMs(most)} ms`,
    wanted: `at most ${WANTED_MS} ms`,
    value: most,
    bound: WANTED_MS,
    better: 'lower',
  });
}
report.end();
