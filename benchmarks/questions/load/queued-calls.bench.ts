/**
 * Calls that wait for a lane: what does each cost in memory, and are a million
 * of them accepted, run and freed?
 *
 * One lane, which native code blocks while additions of two integers are queued
 * behind it; every call's promise is kept, and is part of the figure. Read
 * after a collection are JavaScript's heap with what belongs to it, and the
 * resident memory of the process, where messages that are already on their way
 * to a worker show. Each is alone in a program of its own. Peers get a
 * hundredth of the calls: some would take minutes for all of them. Promises
 * alone, without a call behind them, show what a promise takes by itself.
 *
 * Targets: at most 500 bytes a call; all of a million answered; at most 5 % of
 * what they held is still held when they are over.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { ask } from '../../harness/processes/child-program.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave, ratios } from '../../harness/measure/rounds.js';
import { median, summary } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import type { Queued } from '../../peers/load/queue-host.js';
import { QUEUERS, type QueuerName } from '../../peers/load/queuers.js';

const BOUND = 500;
const LEFT_SHARE = 0.05;
const given = benchmarkArguments();
const CALLS = given.quick ? 100_000 : 1_000_000;
const PEERS_CALLS = CALLS / 100;
const ROUNDS = given.quick ? 1 : 3;
const host = new URL('../../peers/load/queue-host.js', import.meta.url);

const callsOf = (name: QueuerName): number =>
  name === 'offthread' || name === 'promises alone' ? CALLS : PEERS_CALLS;

const report = new Report('queued-calls', given);
const measured = await interleave(QUEUERS, ROUNDS, (name) =>
  ask<Queued>(host, [name, String(callsOf(name))]),
);
report.table(
  `Calls that wait behind a blocked lane, ${ROUNDS} rounds in turns, bytes a call`,
  QUEUERS.map((queuer, index) => {
    const rounds = measured[index] ?? [];
    const middle = (read: (queued: Queued) => number): number => median(rounds.map(read));
    const { median: bytes, least, most } = summary(rounds.map((one) => one.bytes));
    return {
      contestant: rounds[0]?.name ?? queuer,
      bytes,
      least,
      most,
      'RSS bytes': middle(({ resident }) => resident),
      'bytes left': middle(({ left }) => left),
      calls: callsOf(queuer),
      'µs to accept one': middle(({ acceptMs }) => (acceptMs * 1_000) / callsOf(queuer)),
      'µs to run one': middle(({ runMs }) => (runMs * 1_000) / callsOf(queuer)),
    };
  }),
  { plot: { value: 'bytes', unit: 'bytes a call', better: 'lower' } },
);
report.say();
const own = measured[QUEUERS.indexOf('offthread')] ?? [];
const { median: bytes, least, most } = summary(own.map((one) => one.bytes));
report.target({
  what: 'bytes of a queued call',
  measured: `${figure(bytes)} (${figure(least)} to ${figure(most)})`,
  wanted: `at most ${BOUND}`,
  value: bytes,
  bound: BOUND,
  better: 'lower',
});
const right = Math.min(...own.map((one) => one.right));
report.target({
  what: 'queued calls that were run and gave the right answer',
  measured: `${right.toLocaleString('en')} of ${CALLS.toLocaleString('en')}`,
  wanted: 'all',
  value: right,
  bound: CALLS,
  better: 'higher',
});
const left = ratios(
  own.map((one) => one.left),
  own.map((one) => one.bytes),
);
report.ratio('held when all are over, of what they held', left, 'lower', LEFT_SHARE);
report.end();
