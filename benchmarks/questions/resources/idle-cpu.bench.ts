/**
 * A pool that is open and has nothing to do: how much CPU does it burn?
 *
 * Each is alone in a program of its own, with two lanes or workers. After a
 * burst of calls, the CPU time of all threads of the program is read over the
 * second that follows and over the one after that. A program without any pool
 * shows what Node takes by itself. (Worker processes burn theirs elsewhere, so
 * of pools of processes this is the host's part, and they are left out.)
 *
 * Target: below 1 % of a core, from a second after the last answer on.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { ask } from '../../harness/processes/child-program.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { interleave } from '../../harness/measure/rounds.js';
import { median, summary } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import type { Idled } from '../../peers/resources/idle-host.js';
import { LONE_NAMES, isOurs } from '../../peers/libraries/lone.js';

const given = benchmarkArguments();
const ROUNDS = given.quick ? 1 : 2;
const LANES = 2;
const CALLS = given.quick ? 2_000 : 20_000;
const BOUND = 1;
const NOTHING = 'no pool';
const host = new URL('../../peers/resources/idle-host.js', import.meta.url);

const report = new Report('idle-cpu', given);
const names = [NOTHING, ...LONE_NAMES.filter((name) => !/process/.test(name))] as const;
const measured = await interleave(names, ROUNDS, (name) =>
  ask<Idled>(host, [name, String(LANES), String(CALLS)]),
);
/** Of a core, from µs of CPU in a ms. */
const percent = (micros: number): number => micros / 10;
const rows = names.map((name, index) => {
  const rounds = measured[index] ?? [];
  return {
    name,
    first: median(rounds.map(({ first }) => percent(first))),
    second: summary(rounds.map(({ second }) => percent(second))),
  };
});
report.table(
  `After ${CALLS.toLocaleString('en')} calls, ${LANES} lanes or workers, ${ROUNDS} rounds in turns, % of a core`,
  rows.map(({ name, first, second: { median: middle, least, most } }) => ({
    contestant: name,
    '% a second later': middle,
    least,
    most,
    '% in the first second': first,
  })),
  { plot: { value: '% a second later', unit: '% of a core', better: 'lower' } },
);
report.say();
for (const { name, second } of rows) {
  if (name === NOTHING || !isOurs(name)) continue;
  report.target({
    what: `CPU burnt a second after the last answer, ${name}`,
    measured: `${figure(second.median)} % of a core (${figure(second.least)} to ${figure(second.most)})`,
    wanted: `below ${BOUND} %`,
    value: second.median,
    bound: BOUND,
    better: 'lower',
  });
}
report.end();
