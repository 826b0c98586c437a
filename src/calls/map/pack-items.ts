/**
 * Turns items into columns. Items are checked and copied in one pass, because this runs on the host's thread for every
 * item, while the host also serves the lanes.
 */
import { ArgumentError } from '../../errors.js';
import { thrownText } from '../../options/checks.js';
import type { CompiledFunction } from '../../declare/compile/compile.js';
import { checkArguments } from '../../declare/values/validate.js';
import { type BatchPlan, COLUMN_OF, type Column } from '../../shared/memory/batch-layout.js';
import type { Items } from './group.js';

/** An item of a native function is the array of its arguments, or its only argument. */
export function argumentsOf(item: unknown): readonly unknown[] {
  return Array.isArray(item) ? item : [item];
}

/** Columns for `count` items. */
export function newColumns({ params }: BatchPlan, count: number): Column[] {
  return params.map((type) => new COLUMN_OF[type](count));
}

/** The first item that cannot be passed. */
export interface Misfit {
  readonly at: number;
  readonly error: ArgumentError;
}

/**
 * Writes items [from, to) into columns, from their start.
 * @returns the first item that does not fit, at which writing stops; null if all fit.
 */
export function packItems(
  fn: CompiledFunction,
  columns: readonly Column[],
  { array, start }: Items,
  from: number,
  to: number,
): Misfit | null {
  const first = start + from;
  const end = start + to;
  // Their columns hold other numbers as well, which are not valid.
  const checked = fn.spec.params.some(
    (param) => param.kind === 'value' && (param.type === 'bool' || param.type === 'size'),
  );
  for (let at = first; ; at += 1) {
    if (!checked) at = packPlain(columns as readonly Float64Array[], array, at, first, end);
    if (at === end) return null;
    const error = packOne(fn, columns, array, at, at - first);
    if (error !== null) return { at: at - start, error };
  }
}

/** An item that is a proxy, or has getters, is read once; reading it may throw. */
function packOne(
  fn: CompiledFunction,
  columns: readonly Column[],
  array: readonly unknown[],
  at: number,
  place: number,
): ArgumentError | null {
  let args: readonly unknown[];
  try {
    args = Array.from(argumentsOf(array[at]));
  } catch (cause) {
    return new ArgumentError(`An item of ${fn.spec.name} could not be read: ${thrownText(cause)}`, {
      symbol: fn.spec.name,
      cause,
    });
  }
  const error = checkArguments(fn, args);
  if (error !== null) return error;
  for (const [param, column] of columns.entries()) {
    const value = args[param];
    // Of the column's type: a bool is a number there, and a 64-bit integer, which may be given as a number, a bigint.
    column[place] = (
      typeof column[0] === 'bigint' ? BigInt(value as number | bigint) : Number(value)
    ) as number;
  }
  return null;
}

/** Packs the usual items: numbers that a column stores unchanged. @returns the first item that needs a full check. */
function packPlain(
  columns: readonly Float64Array[],
  items: readonly unknown[],
  start: number,
  from: number,
  to: number,
): number {
  const reached = { at: start };
  try {
    return packNumbers(columns, items, reached, from, to);
  } catch {
    // Reading the item threw: it is read again, by itself.
    return reached.at;
  }
}

/** @param reached where to start; holds the current item, for the caller that catches an error of reading it. */
function packNumbers(
  columns: readonly Float64Array[],
  items: readonly unknown[],
  reached: { at: number },
  from: number,
  to: number,
): number {
  const { at: start } = reached;
  const [a, b] = columns as readonly [Float64Array, Float64Array];
  if (columns.length === 1 && typeof a[0] === 'number') {
    for (let at = start; at < to; at += 1) {
      reached.at = at;
      const item = items[at];
      const value: unknown = Array.isArray(item) && item.length === 1 ? item[0] : item;
      if (typeof value !== 'number') return at;
      a[at - from] = value;
      if (a[at - from] !== value) return at;
    }
    return to;
  }
  if (columns.length === 2 && typeof a[0] === 'number' && typeof b[0] === 'number') {
    for (let at = start; at < to; at += 1) {
      reached.at = at;
      const item = items[at];
      if (!Array.isArray(item) || item.length !== 2) return at;
      const one: unknown = item[0];
      const other: unknown = item[1];
      if (typeof one !== 'number' || typeof other !== 'number') return at;
      a[at - from] = one;
      b[at - from] = other;
      if (a[at - from] !== one || b[at - from] !== other) return at;
    }
    return to;
  }
  return packAny(columns, items, reached, from, to);
}

function packAny(
  columns: readonly Float64Array[],
  items: readonly unknown[],
  reached: { at: number },
  from: number,
  to: number,
): number {
  for (let { at } = reached; at < to; at += 1) {
    reached.at = at;
    const args = argumentsOf(items[at]);
    if (args.length !== columns.length) return at;
    for (let param = 0; param < columns.length; param += 1) {
      const column = columns[param] as Float64Array;
      const value = args[param] as number;
      if (typeof value !== typeof column[0]) return at;
      column[at - from] = value;
      if (column[at - from] !== value) return at;
    }
  }
  return to;
}
