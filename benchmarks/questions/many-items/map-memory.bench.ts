/**
 * `pool.map` over ten million items that a generator makes, each result read by
 * `for await`: does memory stay level?
 *
 * The program has a heap of 64 MB at most, in which ten million items would not
 * fit. After each tenth of them garbage is collected, and what is left is read:
 * also what is under way, which is more or less of it at different moments.
 *
 * Target: in the second half at most 1.25 times what was held in the first,
 * medians of five readings each.
 */
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { ask } from '../../harness/processes/child-program.js';
import { Report } from '../../harness/report/benchmark-report.js';
import { median } from '../../harness/measure/statistics.js';
import { figure } from '../../harness/report/table.js';
import type { Held } from '../../peers/many-items/endless-host.js';

const given = benchmarkArguments();
const ITEMS = given.quick ? 100_000 : 10_000_000;
const GROWTH = 1.25;

const report = new Report('map-memory', given);
const { heap, resident, seconds, wrong } = await ask<Held>(
  new URL('../../peers/many-items/endless-host.js', import.meta.url),
  [String(ITEMS)],
  { execArgv: ['--max-old-space-size=64'] },
);
report.table(
  `${ITEMS.toLocaleString('en')} items in ${seconds.toFixed(0)} s, MB after each tenth of them`,
  heap.map((mb, tenth) => ({
    items: ((tenth + 1) * ITEMS) / 10,
    'heap and what belongs to it': mb,
    'resident set': resident[tenth] ?? NaN,
  })),
);
report.say();
const half = heap.length / 2;
const ratio = median(heap.slice(half)) / median(heap.slice(0, half));
report.target({
  what: 'held in the second half, of what was held in the first',
  measured: `${figure(ratio)} times`,
  wanted: `at most ${GROWTH}`,
  value: ratio,
  bound: GROWTH,
  better: 'lower',
});
report.target({
  what: 'items with the right result',
  measured: `${(ITEMS - wrong).toLocaleString('en')} of ${ITEMS.toLocaleString('en')}`,
  wanted: 'all',
  value: 1 - wrong / ITEMS,
  bound: 1,
  better: 'higher',
});
report.end();
