/**
 * A call that crashes its process: how long until its caller is told, and how
 * long until the lane's queue goes on?
 *
 * One lane, or one worker process, each. A call ends its process by SIGSEGV, at
 * once; times are from making that call, so they hold its way to the process as
 * well. The other call is made straight after it, and waits behind it; or,
 * asked separately, when the caller has been told of the crash. It is answered
 * by another process, which is checked.
 *
 * Between crashes everybody comes to rest: processes that are kept ready are
 * ready. So offthread has its spare, which is its default and one process more
 * than the others have; without spare it starts a process after the crash, as
 * they do. Nobody has a reason to back off: a call is answered between crashes.
 *
 * An answer that does not come within 5 s never comes; who has failed to answer
 * three times, and has never answered, is not asked any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { NEVER, answeredAfter, rejectedAfter } from '../../harness/measure/guard.js';
import { testlib } from '../../harness/paths.js';
import { shownMs, timeCells } from '../../harness/measure/percentiles.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave } from '../../harness/measure/rounds.js';
import { percentile } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import { closeFragile, crashingField } from '../../peers/processes/fragile-field.js';
import type { Fragile } from '../../peers/processes/fragile.js';

const given = benchmarkArguments();
const ROUNDS = given.quick ? 3 : 30;
const GUARD_MS = 5_000;
/** ms for what a crash leaves to do: a process that has ended is cleared away. */
const REST_MS = 30;
/** Answers that are waited for of somebody who never gives one. */
const PATIENCE = 3;

type When = 'queued' | 'rejected';
const WHEN: readonly When[] = ['queued', 'rejected'];

interface Crashed {
  /** ms from the call that crashes to its rejection. */
  readonly rejected: number;
  /** ms from the same moment to the other call's answer; NaN where it was not asked for. */
  readonly answered: number;
}

async function crash(contestant: Fragile, when: When, ask: boolean): Promise<Crashed> {
  const before = await contestant.processId();
  await sleep(REST_MS);
  const start = process.hrtime.bigint();
  const crashed = contestant.crash();
  const rejection = rejectedAfter(crashed, start, GUARD_MS);
  if (!ask) return { rejected: await rejection, answered: NaN };
  const other = (): Promise<number> => contestant.processId();
  const next = when === 'queued' ? other() : crashed.then(other, other);
  const answer = answeredAfter(next, start, GUARD_MS);
  const rejected = await rejection;
  const { value, ms } = await answer;
  if (value === before) throw new Error(`${contestant.name}: process ${before} has answered after its death`);
  return { rejected, answered: ms };
}

/** Everything measured of somebody. */
class History {
  readonly rejected: number[] = [];
  readonly answered: { readonly [W in When]: number[] } = { queued: [], rejected: [] };

  /** Whether there is hope of an answer. */
  hopes(when: When): boolean {
    const all = this.answered[when];
    return all.length < PATIENCE || all.some((ms) => ms !== NEVER);
  }

  add(when: When, { rejected, answered }: Crashed): void {
    this.rejected.push(rejected);
    if (!Number.isNaN(answered)) this.answered[when].push(answered);
  }
}

const report = new Report('crash-latency', given);
const field = await crashingField(testlib);
for (const contestant of field) await contestant.rested();
const histories = new Map(field.map((contestant) => [contestant, new History()]));
const historyOf = (contestant: Fragile): History => histories.get(contestant) as History;

await interleave(field, ROUNDS, async (contestant) => {
  const history = historyOf(contestant);
  for (const when of WHEN) {
    history.add(when, await crash(contestant, when, history.hopes(when)));
    // What it still starts is not to disturb the next one.
    await contestant.rested();
  }
});
await closeFragile(field);

function table(title: string, read: (history: History) => readonly number[]): void {
  report.table(
    `${title}, ms`,
    field.map((contestant) => {
      const ms = read(historyOf(contestant));
      return { contestant: contestant.name, crashes: ms.length, ...timeCells(ms) };
    }),
    { plot: { value: 'p50', unit: 'ms', better: 'lower', scale: 'log' } },
  );
}

/** offthread as it comes against the best peer. */
function compare(what: string, read: (history: History) => readonly number[]): void {
  const [own] = field;
  if (own === undefined) return;
  const peers = field.filter(({ ours }) => !ours);
  const [p50, p99] = [0.5, 0.99].map((share) => {
    const best = Math.min(...peers.map((peer) => percentile(read(historyOf(peer)), share)));
    const ms = percentile(read(historyOf(own)), share);
    return `${shownMs(ms)} ms against ${shownMs(best)} ms, ${figure(ms / best)} times`;
  });
  report.say(`${what}, ${own.name} against the best peer: p50 ${p50}; p99 ${p99}`);
}

table('From the call that crashes to its rejection', ({ rejected }) => rejected);
table('To the answer of a call queued behind it', ({ answered }) => answered.queued);
table('To the answer of a call made when it was rejected', ({ answered }) => answered.rejected);
report.say();
compare('rejection', ({ rejected }) => rejected);
compare('answer of a call queued behind', ({ answered }) => answered.queued);
compare('answer of a call made at the rejection', ({ answered }) => answered.rejected);
report.end();
