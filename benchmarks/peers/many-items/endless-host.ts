/**
 * A program that runs a million items after another through `pool.map`, from a
 * generator to a reader, and reads what memory it holds.
 *
 *   endless-host ITEMS     forked
 */
import { once } from 'node:events';
import { createPool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import { collect, residentMb } from '../../harness/processes/memory.js';

export interface Held {
  /** MB, after each tenth of the items: of JavaScript's heap and what belongs to it, and of the process. */
  readonly heap: readonly number[];
  readonly resident: readonly number[];
  readonly seconds: number;
  /** Items whose result was not the one of their arguments. */
  readonly wrong: number;
}

const items = Number(process.argv[2]);
const pool = createPool({ lanes: 2 });
const { ot_add } = await pool.open(
  testlib,
  { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } },
  { engine: 'koffi' },
);

function* pairs(): Generator<readonly [number, number]> {
  for (let item = 0; item < items; item += 1) yield [item, 1];
}

const heap: number[] = [];
const resident: number[] = [];
const start = performance.now();
let wrong = 0;
let read = 0;
for await (const sum of pool.map(ot_add, pairs())) {
  if (sum !== read + 1) wrong += 1;
  read += 1;
  if (read % (items / 10) !== 0) continue;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  heap.push((heapUsed + external) / 2 ** 20);
  resident.push(residentMb());
}
if (read !== items) wrong += items - read;
const seconds = (performance.now() - start) / 1_000;
process.send?.({ heap, resident, seconds, wrong } satisfies Held);
await once(process, 'message');
await pool.close();
process.disconnect();
