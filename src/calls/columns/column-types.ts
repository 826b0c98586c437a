/**
 * Types of columns: derived from the function's types, they determine the number of columns and whether each holds
 * numbers or bigints.
 */
import type { Column, NumberColumn } from '../../shared/memory/batch-layout.js';

/** Typed arrays of 64-bit integers. */
type BigColumn = BigInt64Array | BigUint64Array;
/** One value of a column. */
type Numeric = number | bigint | boolean;

/**
 * A typed array for values of a type. The exact array type depends on the declaration, and is checked when the run
 * starts.
 */
type ColumnOf<T> = bigint extends T
  ? BigColumn
  : T extends number | boolean
    ? NumberColumn | Uint8ClampedArray
    : never;

/** A typed array for each argument of a function, in the order of its declaration; or one value for all items. */
export type ColumnsGiven =
  | Readonly<Record<string, Column | Uint8ClampedArray | Numeric>>
  | readonly (Column | Uint8ClampedArray | Numeric)[];

/** The same for a function whose argument types are known; `never` if they are not all numbers. */
export type ColumnsFor<A extends readonly unknown[]> = number extends A['length']
  ? ColumnsGiven
  : A extends readonly Numeric[]
    ?
        | { readonly [I in keyof A]: ColumnOf<A[I]> | A[I] }
        | Readonly<Record<string, { readonly [I in keyof A]: ColumnOf<A[I]> | A[I] }[number]>>
    : never;

/** The typed array for a function's results; null if the function returns nothing. */
export type OutFor<R> = unknown extends R
  ? Column
  : [R] extends [undefined]
    ? null
    : R extends bigint
      ? BigColumn
      : R extends number | boolean
        ? NumberColumn
        : never;
