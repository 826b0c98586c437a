/** Checks the arguments of `mapColumns` before they reach native code. */
import { types } from 'node:util';
import { copyOf, show, thrownText } from '../../options/checks.js';
import { ArgumentError, DeclarationError, isOwn } from '../../errors.js';
import { fitsType } from '../../declare/values/validate.js';
import { SCALARS } from '../../declare/language/scalars.js';
import type { Scalar } from '../../declare/spec.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import { COLUMN_OF, type Column, planBatch } from '../../shared/memory/batch-layout.js';
import type { Columns, Source } from './column-batch.js';

/** Columns that match their function, and the number of items. */
export interface CheckedColumns extends Columns {
  readonly length: number;
  /** The caller's `out`, or a new array; null if the results are not needed. */
  readonly given: Column | null;
}

/** @throws ArgumentError, or DeclarationError for a function that takes or returns more than numbers. */
export function checkColumns(fn: DeclaredFunction, given: unknown, out: unknown): CheckedColumns {
  try {
    return check(fn, given, out);
  } catch (cause) {
    if (isOwn(cause)) throw cause;
    // Proxies, getters, and typed arrays whose prototype has been changed.
    throw new ArgumentError(
      `The columns for ${fn.name}, or \`out\`, could not be read: ${thrownText(cause)}. Pass plain typed arrays.`,
      { symbol: fn.name, cause },
    );
  }
}

function check(fn: DeclaredFunction, given: unknown, out: unknown): CheckedColumns {
  const plan = fn.module === null ? planBatch(fn.compiled.spec) : null;
  if (plan === null) throw notNumeric(fn);
  const entries = entriesOf(fn, given);
  if (entries.length !== plan.params.length) {
    throw new ArgumentError(
      `${fn.name} takes ${plan.params.length} arguments, but mapColumns received ${entries.length} columns` +
        `${entries.length === 0 ? '' : ` (${entries.map(([name]) => name).join(', ')})`}. Pass one column for each argument, in the order of the declaration.`,
      { symbol: fn.name },
    );
  }
  const sources = entries.map(([name, value], at) => sourceOf(fn, name, value, plan.params[at] as Scalar));
  const length = commonLength(fn, entries);
  const shared = entries.some(([, value]) => isShared(value));
  const target = outOf(fn, out, plan.returns, length, shared);
  // A rule on the host needs the results even if the caller does not.
  const judged = fn.compiled.failsPredicate !== undefined && plan.returns !== null;
  const kept = target ?? (judged ? newColumn(plan.returns, length, shared) : null);
  if (kept !== null) for (const [name, value] of entries) refuseOverlap(fn, name, value, kept, length);
  const results = kept === null ? null : plainColumn(kept, plan.returns as Scalar);
  return { plan, sources, length, out: results, given: target };
}

/** The same memory as a native typed array: a subclass may create other objects for its parts. */
function plainColumn(column: Column, type: Scalar): Column {
  return new COLUMN_OF[type](column.buffer, column.byteOffset, column.length);
}

/**
 * An item may be run again, and items run in any order: `out` may be the same memory as a column, but must not overlap
 * it at an offset.
 */
function refuseOverlap(
  fn: DeclaredFunction,
  name: string,
  value: unknown,
  out: Column,
  length: number,
): void {
  if (!ArrayBuffer.isView(value) || value.buffer !== out.buffer) return;
  const column = value as Column;
  const size = column.BYTES_PER_ELEMENT;
  const same = column.byteOffset === out.byteOffset && size === out.BYTES_PER_ELEMENT;
  const apart =
    column.byteOffset + length * size <= out.byteOffset ||
    out.byteOffset + length * out.BYTES_PER_ELEMENT <= column.byteOffset;
  if (same || apart) return;
  throw new ArgumentError(
    `In mapColumns of ${fn.name}, ${name} and \`out\` overlap at an offset: results would overwrite items that have not run yet. ` +
      'Use separate memory for `out`, or exactly the memory of a column.',
    { symbol: fn.name },
  );
}

function entriesOf(fn: DeclaredFunction, given: unknown): [string, unknown][] {
  const list = copyOf(given);
  if (list !== null) return list.map((column, at) => [`column ${at}`, column]);
  const plain = typeof given === 'object' && given !== null && !ArrayBuffer.isView(given);
  if (plain) return Object.entries(given).map(([name, column]) => [`column \`${name}\``, column]);
  throw new ArgumentError(
    `The columns for ${fn.name} are ${show(given)}; they must be an object or an array with a typed array for each argument, ` +
      'in the order of the declaration: { a: new Float64Array(…), b: new Int32Array(…) }.',
    { symbol: fn.name },
  );
}

function sourceOf(fn: DeclaredFunction, name: string, value: unknown, type: Scalar): Source {
  if (isColumn(value, type)) {
    const column = plainColumn(value, type);
    if (type === 'size') requireSizes(fn, name, column);
    return column;
  }
  if (!ArrayBuffer.isView(value) && fitsType(type, value)) {
    return SCALARS[type].type === 'bigint' ? BigInt(value as number | bigint) : Number(value);
  }
  throw new ArgumentError(
    `In mapColumns of ${fn.name}, ${name} is ${kindOf(value)}; the argument is declared as ${type}, so the column must be a ${COLUMN_OF[type].name}, ` +
      `or a single ${type} for all items.`,
    { symbol: fn.name },
  );
}

/** A column of sizes could hold any number. */
function requireSizes(fn: DeclaredFunction, name: string, column: Column): void {
  for (let at = 0; at < column.length; at += 1) {
    if (fitsType('size', column[at])) continue;
    throw new ArgumentError(
      `In mapColumns of ${fn.name}, ${name} has ${show(column[at])} at index ${at}; a size is an integer from 0 to ${Number.MAX_SAFE_INTEGER}.`,
      { symbol: fn.name },
    );
  }
}

function isColumn(value: unknown, type: Scalar): value is Column {
  if (!ArrayBuffer.isView(value)) return false;
  const fits = value instanceof COLUMN_OF[type] || (type === 'u8' && value instanceof Uint8ClampedArray);
  return fits && !isDetached(value);
}

function isDetached(value: ArrayBufferView): boolean {
  try {
    return new Uint8Array(value.buffer).length < 0;
  } catch {
    return true;
  }
}

function commonLength(fn: DeclaredFunction, entries: readonly [string, unknown][]): number {
  const columns = entries.flatMap(([name, value]) =>
    ArrayBuffer.isView(value) ? [{ name, length: (value as Column).length }] : [],
  );
  const [first] = columns;
  if (first === undefined) {
    throw new ArgumentError(
      `mapColumns of ${fn.name} received only single values and no column, so the number of items is unknown. Call the function once instead.`,
      { symbol: fn.name },
    );
  }
  const other = columns.find(({ length }) => length !== first.length);
  if (other === undefined) return first.length;
  throw new ArgumentError(
    `In mapColumns of ${fn.name}, ${first.name} has ${first.length} items and ${other.name} has ${other.length}; all columns must have the same length.`,
    { symbol: fn.name },
  );
}

/** If the columns are in shared memory, the results are too: lanes can then write them in place. */
function newColumn(type: Scalar, length: number, shared: boolean): Column {
  const array = COLUMN_OF[type];
  return shared
    ? new array(new SharedArrayBuffer(length * array.BYTES_PER_ELEMENT), 0, length)
    : new array(length);
}

function isShared(value: unknown): boolean {
  return ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer);
}

function outOf(
  fn: DeclaredFunction,
  out: unknown,
  type: Scalar | null,
  length: number,
  shared: boolean,
): Column | null {
  if (type === null) {
    if (out === undefined || out === null) return null;
    throw new ArgumentError(
      `${fn.name} returns nothing, so there are no results for \`out\`. Omit \`out\`.`,
      {
        symbol: fn.name,
      },
    );
  }
  if (out === undefined) return newColumn(type, length, shared);
  // The caller does not need the results.
  if (out === null) return null;
  if (!isColumn(out, type)) {
    throw new ArgumentError(
      `In mapColumns of ${fn.name}, \`out\` is ${kindOf(out)}; the function returns ${type}, so \`out\` must be a ${COLUMN_OF[type].name}, ` +
        'undefined for a new array, or null if the results are not needed.',
      { symbol: fn.name },
    );
  }
  if (out.length >= length) return out;
  throw new ArgumentError(
    `In mapColumns of ${fn.name}, \`out\` has room for ${out.length} results, but there are ${length} items.`,
    { symbol: fn.name },
  );
}

function kindOf(value: unknown): string {
  if (!ArrayBuffer.isView(value)) return show(value);
  return `${isDetached(value) ? 'a detached' : 'a'} ${value.constructor.name}`;
}

function notNumeric(fn: DeclaredFunction): DeclarationError {
  return new DeclarationError(
    `mapColumns received ${fn.name}, which takes or returns values other than numbers (strings, bytes, callbacks, out parameters, a special parameter, ` +
      '`lastError` or `onCancel`). Use pool.map instead.',
    { symbol: fn.name },
  );
}
