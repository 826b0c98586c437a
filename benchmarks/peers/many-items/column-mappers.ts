/** Who runs over two columns of integers, and makes a column of their sums. */
import type { Pool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import { type Many, timed } from '../../harness/measure/many.js';
import type { Ffi } from '../contestant.js';
import type { JobPool } from '../libraries/job-pools.js';

export interface Columns {
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly out: Int32Array;
}

export function columns(items: number, shared: boolean): Columns {
  const column = (): Int32Array =>
    new Int32Array((shared ? new SharedArrayBuffer(items * 4) : new ArrayBuffer(items * 4)) as ArrayBuffer);
  const [a, b, out] = [column(), column(), column()];
  for (let item = 0; item < items; item += 1) {
    a[item] = (item * 7_919) % 1_000_000;
    b[item] = item;
  }
  return { a, b, out };
}

/** Whether the sums are there. They are wiped, so that the next run has to make its own. */
function areSums({ a, b, out }: Columns): boolean {
  let wrong = 0;
  for (let item = 0; item < out.length; item += 1) {
    if (out[item] !== (a[item] ?? NaN) + (b[item] ?? NaN)) wrong += 1;
  }
  out.fill(0);
  return wrong === 0;
}

function kind({ a }: Columns): string {
  return a.buffer instanceof SharedArrayBuffer ? 'shared' : 'not shared';
}

/** The pool is the caller's to close. */
export async function offthreadColumns(pool: Pool, ffi: Ffi, columns: readonly Columns[]): Promise<Many[]> {
  const { ot_add } = await pool.open(
    testlib,
    { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } },
    { engine: ffi },
  );
  return columns.map((given) => ({
    name: `offthread mapColumns, ${kind(given)} (${ffi})`,
    ffi,
    ours: true,
    rate: () =>
      timed(
        given.out.length,
        async () => pool.mapColumns(ot_add, [given.a, given.b], given.out),
        () => areSums(given),
      ),
    close: async () => {},
  }));
}

/** A task a range that is made by hand: of columns in shared memory, or of copies. */
export function inRanges({ name, run }: JobPool, given: Columns, size: number, inFlight: number): Many {
  const { a, b, out } = given;
  const shared = kind(given) === 'shared';
  const range = async (from: number): Promise<void> => {
    const to = Math.min(from + size, out.length);
    if (shared) {
      await run('addRange', { a, b, out, from, to });
      return;
    }
    const parts = { a: a.slice(from, to), b: b.slice(from, to) };
    const sums = await run('addColumns', parts, [parts.a.buffer, parts.b.buffer]);
    out.set(sums as Int32Array, from);
  };
  const all = async (): Promise<void> => {
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < out.length) {
        const from = next;
        next += size;
        await range(from);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
  };
  return {
    name: `${name}, ranges of ${size.toLocaleString('en')}, ${kind(given)} (koffi)`,
    ffi: 'koffi',
    ours: false,
    rate: () => timed(out.length, all, () => areSums(given)),
    close: async () => {},
  };
}
