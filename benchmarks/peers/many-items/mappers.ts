/** Who runs over an array of pairs, and makes an array of their sums. */
import type { Pool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import { type Many, timed } from '../../harness/measure/many.js';
import type { Ffi } from '../contestant.js';
import type { JobPool } from '../libraries/job-pools.js';
import type { Pair } from '../workers/jobs.js';

export function pairs(items: number): Pair[] {
  return Array.from({ length: items }, (_, item) => [(item * 7_919) % 1_000_000, item]);
}

const areSums =
  (items: readonly Pair[]) =>
  (sums: readonly number[]): boolean =>
    sums.length === items.length && items.every(([a, b], item) => sums[item] === a + b);

/** `pool.map`, its results taken as an array, and one by one. The pool is the caller's to close. */
export async function offthreadMappers(pool: Pool, ffi: Ffi, items: readonly Pair[]): Promise<Many[]> {
  const { ot_add } = await pool.open(
    testlib,
    { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } },
    { engine: ffi },
  );
  const many = (how: string, run: () => Promise<number[]>): Many => ({
    name: `offthread map, ${how} (${ffi})`,
    ffi,
    ours: true,
    rate: () => timed(items.length, run, areSums(items)),
    close: async () => {},
  });
  return [
    many('toArray', () => pool.map(ot_add, items).toArray()),
    many('for await', async () => {
      const sums: number[] = [];
      for await (const sum of pool.map(ot_add, items)) sums.push(sum);
      return sums;
    }),
  ];
}

/** So many callers who each take the next piece of the work. */
async function callers(count: number, next: () => Promise<void> | undefined): Promise<void> {
  const caller = async (): Promise<void> => {
    for (let piece = next(); piece !== undefined; piece = next()) await piece;
  };
  await Promise.all(Array.from({ length: count }, caller));
}

/** A task an item, so many in flight. */
export function oneByOne({ name, run }: JobPool, items: readonly Pair[], inFlight: number): Many {
  const all = async (): Promise<number[]> => {
    const sums: number[] = Array.from({ length: items.length });
    let item = 0;
    await callers(inFlight, () => {
      if (item === items.length) return undefined;
      const at = item;
      item += 1;
      return run('add', items[at]).then((sum) => {
        sums[at] = sum as number;
      });
    });
    return sums;
  };
  return {
    name: `${name}, a task an item (koffi)`,
    ffi: 'koffi',
    ours: false,
    rate: () => timed(items.length, all, areSums(items)),
    close: async () => {},
  };
}

function packed(batch: readonly Pair[]): Int32Array {
  const numbers = new Int32Array(batch.length * 2);
  for (const [item, [a, b]] of batch.entries()) {
    numbers[item * 2] = a;
    numbers[item * 2 + 1] = b;
  }
  return numbers;
}

/** A task a batch that is made by hand: of the pairs as they are, or packed into a typed array. */
export function inBatches(
  { name, run }: JobPool,
  items: readonly Pair[],
  size: number,
  inFlight: number,
  how: 'pairs' | 'packed',
): Many {
  const all = async (): Promise<number[]> => {
    const batches: Iterable<number>[] = [];
    let from = 0;
    await callers(inFlight, () => {
      if (from >= items.length) return undefined;
      const batch = items.slice(from, from + size);
      const at = from / size;
      from += size;
      const sums = how === 'pairs' ? run('addPairs', batch) : run('addPacked', packed(batch));
      return sums.then((given) => {
        batches[at] = given as Iterable<number>;
      });
    });
    const sums: number[] = [];
    for (const batch of batches) for (const sum of batch) sums.push(sum);
    return sums;
  };
  return {
    name: `${name}, batches of ${size.toLocaleString('en')}${how === 'pairs' ? '' : ', packed'} (koffi)`,
    ffi: 'koffi',
    ours: false,
    rate: () => timed(items.length, all, areSums(items)),
    close: async () => {},
  };
}
