/**
 * A batch: many items of one function in one row. The values of the items are in a block of the lane's memory:
 *
 *   columns    the values of each parameter, one typed array after the other
 *   results    what the function returned for each item
 *   outcomes   {@link Outcome} bits and errno for each item, where a call would have them
 *
 * Each starts at a multiple of 8 bytes, so both sides find them by the function's spec and the number of items. Arrays
 * over memory that the lane shares are lent instead: they are not copied, and the block has no place for them. The
 * row's progress shows the state of the batch: items before `done` have ended, and the one at `done` runs or is next.
 */
import { Math } from '../../builtins.js';
import type { FunctionSpec, Scalar } from '../../declare/spec.js';

/** Typed arrays that hold a scalar each. */
export type NumberColumn =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;
/** A typed array that is a column of items: one value for each. */
export type Column = NumberColumn | BigInt64Array | BigUint64Array;

/** The constructor of a column, over existing or new memory. */
export interface ColumnConstructor {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, count: number): Column;
  new (count: number): Column;
}

/** The typed array of each scalar. A bool is a byte: 0 or 1. */
export const COLUMN_OF: Readonly<Record<Scalar, ColumnConstructor>> = {
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  // Holds every size that is a valid number exactly.
  size: Float64Array,
  pointer: BigUint64Array,
};

/** The layout of a function's batches. */
export interface BatchPlan {
  readonly params: readonly Scalar[];
  readonly returns: Scalar | null;
  /** Whether each item has an outcome of its own. */
  readonly outcomes: boolean;
}

/** The columns of the parameters, followed by the results, that are lent; undefined for those in the block. */
export type Lent = readonly (Column | undefined)[];
export const NOTHING_LENT: Lent = [];

/** Typed views of the memory of a batch. */
export interface BatchViews {
  readonly columns: readonly Column[];
  readonly results: Column | null;
  readonly outcomes: Int32Array | null;
}

/** The plan of a function; null if it takes or returns more than numbers, so that each call needs its own row. */
export function planBatch(spec: FunctionSpec): BatchPlan | null {
  const { params, returns, lastError, onCancel, stream } = spec;
  if (returns.kind === 'text' || lastError !== null || onCancel !== null || stream !== null) return null;
  const scalars: Scalar[] = [];
  for (const param of params) {
    if (param.kind !== 'value') return null;
    scalars.push(param.type);
  }
  const fails = spec.fails !== null && spec.fails !== 'host';
  return {
    params: scalars,
    returns: returns.kind === 'value' ? returns.type : null,
    outcomes: fails || spec.errno,
  };
}

const align8 = (bytes: number): number => Math.ceil(bytes / 8) * 8;
const bytesOf = (type: Scalar): number => COLUMN_OF[type].BYTES_PER_ELEMENT;

/** The parameters and results for which a block has places. */
function inBlock({ params, returns }: BatchPlan, lent: Lent): Scalar[] {
  const all = returns === null ? params : [...params, returns];
  return all.filter((_, at) => lent[at] === undefined);
}

/** Number of items for which a block of `bytes` bytes has room; Infinity if items need none. */
export function batchCapacity(plan: BatchPlan, bytes: number, lent: Lent = NOTHING_LENT): number {
  const types = inBlock(plan, lent);
  const each = types.reduce((sum, type) => sum + bytesOf(type), plan.outcomes ? 4 : 0);
  // Each column may be followed by up to 7 bytes of padding.
  return Math.floor((bytes - 8 * (types.length + 1)) / each);
}

/** The lent columns as bits, for the lane. Functions with more than 30 parameters lend none. */
export function lentBits(lent: Lent): number {
  return lent.reduce((bits, column, at) => (column === undefined ? bits : bits | (1 << at)), 0);
}

/** The lent columns on the side of the lane, in order. @param views the bytes of each lent column. */
export function lentColumns(
  { params, returns }: BatchPlan,
  bits: number,
  views: readonly Uint8Array[],
  count: number,
): Lent {
  let next = 0;
  return [...params, returns].map((type, at) => {
    if (type === null || (bits & (1 << at)) === 0) return undefined;
    const view = views[next] as Uint8Array;
    next += 1;
    return new COLUMN_OF[type](view.buffer, view.byteOffset, count);
  });
}

/** The block of a batch of `count` items, at a byte offset that is a multiple of 8. */
export function batchViews(
  { params, returns, outcomes }: BatchPlan,
  buffer: ArrayBufferLike,
  offset: number,
  count: number,
  lent: Lent = NOTHING_LENT,
): BatchViews {
  let at = offset;
  const view = (type: Scalar, index: number): Column => {
    const there = lent[index];
    if (there !== undefined) return there;
    const column = new COLUMN_OF[type](buffer, at, count);
    at += align8(column.byteLength);
    return column;
  };
  return {
    columns: params.map(view),
    results: returns === null ? null : view(returns, params.length),
    outcomes: outcomes ? new Int32Array(buffer, at, count) : null,
  };
}
