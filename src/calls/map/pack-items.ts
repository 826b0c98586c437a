/**
 * Turns items into columns: checked and copied in one pass, since it is done
 * for every item on the host's thread, which a million items share with the
 * lanes.
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

/** Columns for so many items. */
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
 * @returns the first that does not fit, where the writing has ended; null when all do.
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
  const hasBools = fn.spec.params.some((param) => param.kind === 'value' && param.type === 'bool');
  for (let at = first; ; at += 1) {
    // Columns of truth values hold numbers, which are no truth values.
    if (!hasBools) at = packPlain(columns as readonly Float64Array[], array, at, first, end);
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
    column[place] = (typeof value === 'boolean' ? Number(value) : value) as number;
  }
  return null;
}

/** The usual items: numbers that are in a column what they were before. @returns the first that needs a closer look. */
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
    // Of reading the item: it is looked at again, by itself.
    return reached.at;
  }
}

/** @param reached from where; the item that is looked at is kept there for whoever catches what reading it throws. */
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
