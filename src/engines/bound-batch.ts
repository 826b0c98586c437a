/**
 * Runs the items of a batch, one after the other, in a lane.
 *
 * Guarantees:
 * - Between two items the tripwire is looked at: a batch that is to stop stops there.
 * - `done` in the row is written before each item: whatever ends this thread
 *   in native code, the host knows the item, and has the results before it.
 */
import { ERRNO_SHIFT, Outcome, RowDouble, RowWord } from '../shared/layout.js';
import { type BatchPlan, type Column, type NumberColumn, batchViews } from '../shared/batch.js';
import type { LaneMemory } from '../shared/lane-memory.js';
import type { BoundFunction } from './bound-function.js';
import type { NativeFunction, NativeValue } from './engine.js';

/** A batch that is about to run: what a loop over it needs. */
interface Run {
  readonly call: NativeFunction;
  readonly columns: readonly NumberColumn[];
  readonly count: number;
  readonly memory: LaneMemory;
  /** Index of the tripwire. */
  readonly tripwire: number;
  /** Index of the double that says how far it is. */
  readonly done: number;
  /** Takes what an item returned. */
  readonly take: (index: number, value: NativeValue) => void;
}

/**
 * Runs the batch of a row.
 * @throws what the engine throws; then `done` is the item that it threw at.
 */
export function runBatch(bound: BoundFunction, plan: BatchPlan, memory: LaneMemory, sequence: number): void {
  const word = memory.rowWord(sequence);
  const payload = (memory.i32[word + RowWord.PAYLOAD] as number) / 8;
  const count = memory.f64[payload] as number;
  const offset = memory.f64[payload + 1] as number;
  const { columns, results, outcomes } = batchViews(plan, memory.buffer, offset, count);
  const run: Run = {
    call: bound.native,
    // Engines take what the arrays hold: numbers, or bigints of 64-bit integers.
    columns: columns as readonly NumberColumn[],
    count,
    memory,
    tripwire: word + RowWord.CANCEL,
    done: memory.rowDouble(sequence) + RowDouble.DONE,
    take: outcomes === null ? () => {} : judge(bound, results, outcomes),
  };
  const reached = outcomes === null && results !== null ? loopPlain(run, results) : loop(run);
  memory.f64[run.done] = reached;
}

/** Keeps what was returned, and whether that means failure. */
function judge(bound: BoundFunction, results: Column | null, outcomes: Int32Array): Run['take'] {
  return (index, value) => {
    const errno = bound.spec.errno ? bound.errno() << ERRNO_SHIFT : 0;
    if (results !== null) results[index] = value as number;
    outcomes[index] = errno | (bound.failed(value) ? Outcome.NATIVE_FAILURE : 0);
  };
}

/** The loop for numbers in, number out: most batches, and most of their time. @returns the items that are over. */
function loopPlain(run: Run, results: Column): number {
  const { call, columns, count, memory, tripwire, done } = run;
  const { i32, f64 } = memory;
  const out = results as NumberColumn;
  const [a, b, c] = columns as readonly [NumberColumn, NumberColumn, NumberColumn];
  let index = 0;
  switch (columns.length) {
    case 1:
      for (; index < count && Atomics.load(i32, tripwire) === 0; index += 1) {
        f64[done] = index;
        out[index] = call(a[index] as number) as number;
      }
      return index;
    case 2:
      for (; index < count && Atomics.load(i32, tripwire) === 0; index += 1) {
        f64[done] = index;
        out[index] = call(a[index] as number, b[index] as number) as number;
      }
      return index;
    case 3:
      for (; index < count && Atomics.load(i32, tripwire) === 0; index += 1) {
        f64[done] = index;
        out[index] = call(a[index] as number, b[index] as number, c[index] as number) as number;
      }
      return index;
    default:
      return loop({ ...run, take: (at, value) => void (out[at] = value as number) });
  }
}

/** The loop for everything else. @returns the items that are over. */
function loop({ call, columns, count, memory, tripwire, done, take }: Run): number {
  const { i32, f64 } = memory;
  const args: number[] = columns.map(() => 0);
  let index = 0;
  for (; index < count && Atomics.load(i32, tripwire) === 0; index += 1) {
    f64[done] = index;
    for (let at = 0; at < args.length; at += 1) args[at] = (columns[at] as NumberColumn)[index] as number;
    take(index, call(...args));
  }
  return index;
}
