/**
 * Runs the items of a batch, one after the other, in a lane.
 *
 * Guarantees:
 * - Between two items the cancel flag is read: a batch stops there.
 * - A batch that was given up writes no more results: the state is checked after an item if the cancel flag is set.
 *   Only an item that ends at the moment of giving up may still write its result.
 * - `done` in the row is written before each item: however this thread ends in
 *   native code, the host knows the item, and has the results before it.
 */
import { Atomics, Math } from '../builtins.js';
import { ERRNO_SHIFT, Outcome, RowDouble, RowWord } from '../shared/memory/layout.js';
import {
  type BatchPlan,
  type Column,
  type NumberColumn,
  batchViews,
  lentColumns,
} from '../shared/memory/batch-layout.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';
import { RUNNING_STATES, stateIn } from '../shared/memory/states.js';
import type { BoundFunction } from './bound-function.js';
import type { NativeFunction, NativeResult } from './engine.js';

/** The data for the loop over a batch. */
interface Run {
  readonly call: NativeFunction;
  readonly columns: readonly NumberColumn[];
  readonly count: number;
  readonly memory: LaneMemory;
  /** Index of the cancel flag. */
  readonly cancelFlag: number;
  /** Index of the row's state. */
  readonly state: number;
  /** Index of the double with the number of ended items. */
  readonly done: number;
  /** Stores the value that an item returned. */
  readonly take: (index: number, value: NativeResult) => void;
}

/**
 * Runs the batch of a row.
 * @param lent returns the bytes of the lent columns.
 * @throws the error of the engine; then `done` is the index of the failing item.
 */
export function runBatch(
  bound: BoundFunction,
  plan: BatchPlan,
  memory: LaneMemory,
  sequence: number,
  lent: () => readonly Uint8Array[],
): void {
  const word = memory.rowWord(sequence);
  const payload = (memory.i32[word + RowWord.PAYLOAD] as number) / 8;
  const count = memory.f64[payload] as number;
  const offset = memory.f64[payload + 1] as number;
  const bits = memory.f64[payload + 2] as number;
  const elsewhere = bits === 0 ? undefined : lentColumns(plan, bits, lent(), count);
  const { columns, results, outcomes } = batchViews(plan, memory.buffer, offset, count, elsewhere);
  const run: Run = {
    call: bound.native,
    // Engines accept the values of typed arrays: numbers, or bigints for 64-bit integers.
    columns: columns as readonly NumberColumn[],
    count,
    memory,
    cancelFlag: word + RowWord.CANCEL,
    state: word + RowWord.STATE,
    done: memory.rowDouble(sequence) + RowDouble.DONE,
    take: outcomes === null ? (index, value) => keep(results, index, value) : judge(bound, results, outcomes),
  };
  const quick = outcomes === null && results !== null && bound.quickLoops;
  const reached = quick ? loopPlain(run, results) : loop(run);
  memory.f64[run.done] = reached;
}

function keep(results: Column | null, index: number, value: NativeResult): void {
  if (results !== null) results[index] = value as number;
}

/** Stores the returned value, and whether it means failure. */
function judge(bound: BoundFunction, results: Column | null, outcomes: Int32Array): Run['take'] {
  return (index, value) => {
    const errno = bound.spec.errno ? bound.errno() << ERRNO_SHIFT : 0;
    keep(results, index, value);
    outcomes[index] = errno | (bound.failed(value) ? Outcome.NATIVE_FAILURE : 0);
  };
}

/**
 * Items after which the cancel flag is read atomically. After each other item it is read plainly, which costs nothing
 * beside 6 ns for an atomic read, a sixth of a call. Plain reads are in fact made each time, since a native call may
 * have changed anything; the language alone would allow an engine to keep what it read before.
 */
const STRIDE = 64;

/** The loop for numbers in, number out: most batches, and most of their time. @returns the number of ended items. */
function loopPlain(run: Run, results: Column): number {
  const { call, columns, count, memory, cancelFlag, done } = run;
  const { i32, f64 } = memory;
  if (columns.length < 1 || columns.length > 3) return loop(run);
  const out = results as NumberColumn;
  const [a, b, c] = columns as readonly [NumberColumn, NumberColumn, NumberColumn];
  let value: number;
  let index = 0;
  while (index < count && Atomics.load(i32, cancelFlag) === 0) {
    const end = Math.min(index + STRIDE, count);
    switch (columns.length) {
      case 1:
        for (; index < end; index += 1) {
          f64[done] = index;
          value = call(a[index] as number) as number;
          if (i32[cancelFlag] !== 0) return stopAfter(run, index, value);
          out[index] = value;
        }
        break;
      case 2:
        for (; index < end; index += 1) {
          f64[done] = index;
          value = call(a[index] as number, b[index] as number) as number;
          if (i32[cancelFlag] !== 0) return stopAfter(run, index, value);
          out[index] = value;
        }
        break;
      default:
        for (; index < end; index += 1) {
          f64[done] = index;
          value = call(a[index] as number, b[index] as number, c[index] as number) as number;
          if (i32[cancelFlag] !== 0) return stopAfter(run, index, value);
          out[index] = value;
        }
    }
  }
  return index;
}

/** The loop for all other batches. @returns the number of ended items. */
function loop(run: Run): number {
  const { call, columns, count, memory, cancelFlag, done, take } = run;
  const { i32, f64 } = memory;
  const args: number[] = columns.map(() => 0);
  if (Atomics.load(i32, cancelFlag) !== 0) return 0;
  for (let index = 0; index < count; index += 1) {
    f64[done] = index;
    for (let at = 0; at < args.length; at += 1) args[at] = (columns[at] as NumberColumn)[index] as number;
    const value = call(...args);
    if (Atomics.load(i32, cancelFlag) !== 0) return stopAfter(run, index, value);
    take(index, value);
  }
  return count;
}

/**
 * The batch is to stop, and an item has just ended. If the batch was given up, the host has settled it: then nothing
 * more is written, because results may go directly to the caller's memory.
 * @returns the number of ended items.
 */
function stopAfter({ memory, state, take }: Run, index: number, value: NativeResult): number {
  if (RUNNING_STATES.includes(stateIn(Atomics.load(memory.i32, state)))) take(index, value);
  return index + 1;
}
