/**
 * Calls that sleep for 10 ms: how does the number of calls a second grow with
 * the number of lanes or workers, far beyond the number of cores?
 *
 * There are always twice as many calls on hand as there are lanes. For each
 * number of lanes there is one program with everybody in it, where libuv is
 * given as many threads, by `UV_THREADPOOL_SIZE`: for koffi.async, which has no
 * others. What the lanes could do at most is the first row.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { ask } from '../../harness/processes/child-program.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { median, summary } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import type { Grown } from '../../peers/load/growth-host.js';

const CALL_MS = 10;
const given = benchmarkArguments();
const LANES = given.quick ? [1, 4, 16] : [1, 2, 4, 8, 16, 32];
const ROUNDS = given.quick ? 1 : 3;
const ROUND_MS = given.quick ? 100 : 300;
const host = new URL('../../peers/load/growth-host.js', import.meta.url);

const heading = (lanes: number): string => `${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`;
const ideal = (lanes: number): number => (lanes * 1_000) / CALL_MS;

const report = new Report('lane-growth', given);
const grown: Grown[][] = [];
for (const lanes of LANES) {
  const asked = [lanes, CALL_MS, ROUNDS, ROUND_MS].map(String);
  grown.push(await ask<Grown[]>(host, asked, { env: { UV_THREADPOOL_SIZE: String(lanes) } }));
}
const points = (figureOf: (at: number) => number): Record<string, number> =>
  Object.fromEntries(LANES.map((lanes, at) => [heading(lanes), figureOf(at)]));
const names = grown[0] ?? [];
report.table(
  `Calls a second, calls of ${CALL_MS} ms, medians of ${ROUNDS} rounds in turns`,
  [
    { contestant: 'all lanes at all times', ...points((at) => ideal(LANES[at] ?? NaN)) },
    ...names.map(({ name }, who) => ({
      contestant: name,
      ...points((at) => median(grown[at]?.[who]?.rates ?? [])),
    })),
  ],
  { plot: { value: 'calls/s', unit: 'calls/s', better: 'higher', scale: 'log', kind: 'lines' } },
);
report.say();
const most = LANES.length - 1;
const lanes = LANES[most] ?? NaN;
for (const { name, rates } of grown[most] ?? []) {
  const { median: share, least, most: greatest } = summary(rates.map((rate) => (rate / ideal(lanes)) * 100));
  report.say(
    `${name}, ${lanes} lanes: ${figure(share)} % of ideal (${figure(least)} to ${figure(greatest)})`,
  );
}
report.end();
