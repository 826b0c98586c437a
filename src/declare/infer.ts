/** What TypeScript infers from a declaration: arguments and result of the call. */
import type {
  BigIntName,
  BytesName,
  DeclarationShape,
  Inout,
  NumberName,
  Out,
  OwnedText,
  ScalarName,
  SpecialName,
  TextName,
} from './types.js';

/**
 * Bytes given to native code. Views over a SharedArrayBuffer are live memory;
 * the rest is copied when the call is made. An inout buffer belongs to its call
 * until that settles.
 */
export type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** Anything a parameter may be given. */
export type ArgumentValue = number | bigint | boolean | string | null | Bytes;

/** The JavaScript type of a scalar. */
export type ScalarValue<T> = T extends NumberName
  ? number
  : T extends BigIntName
    ? bigint
    : T extends 'bool'
      ? boolean
      : never;

/** What comes back: from `return`, or from inside `out()` and `inout()`. */
type ValueOf<T> = T extends ScalarName
  ? ScalarValue<T>
  : T extends TextName | OwnedText
    ? string | null
    : T extends 'void'
      ? undefined
      : unknown;

/** What the caller gives for one parameter; `never` for one that is not given. */
type GivenValue<T> = T extends ScalarName
  ? ScalarValue<T>
  : T extends TextName
    ? string | null
    : T extends BytesName
      ? Bytes
      : T extends SpecialName | Out
        ? never
        : T extends Inout<infer Inner>
          ? GivenValue<Inner>
          : ArgumentValue;

type Given<A extends readonly unknown[]> = A extends readonly [infer Head, ...infer Rest]
  ? Head extends SpecialName | Out
    ? Given<Rest>
    : [GivenValue<Head>, ...Given<Rest>]
  : [];

type Outs<A extends readonly unknown[]> = A extends readonly [infer Head, ...infer Rest]
  ? Head extends Out<infer Inner>
    ? [ValueOf<Inner>, ...Outs<Rest>]
    : Head extends Inout<infer Inner extends ScalarName>
      ? [ScalarValue<Inner>, ...Outs<Rest>]
      : Outs<Rest>
  : [];

/** True for `string[]` and the like, whose length the compiler does not know. */
type IsWide<A extends readonly unknown[]> = number extends A['length'] ? true : false;

/** True where some element may be a wrapper that adds to the result. */
type MayHaveOuts<A extends readonly unknown[]> = [Extract<A[number], Out | Inout>] extends [never]
  ? unknown extends A[number]
    ? true
    : false
  : true;

type WithOuts<R, O extends readonly unknown[]> = O extends readonly [] ? R : [R, ...O];

/**
 * The parameters the caller gives, as a tuple: all but outs and special ones.
 * Of a declaration whose `arguments` is no literal: any number of any values.
 */
export type ArgumentsOf<D extends DeclarationShape> =
  IsWide<D['arguments']> extends true ? ArgumentValue[] : Given<D['arguments']>;

/**
 * What the call resolves to: the return value, or `[returnValue, ...outs]`
 * where there are `out` or scalar `inout` parameters.
 */
export type ResultOf<D extends DeclarationShape> =
  IsWide<D['arguments']> extends true
    ? MayHaveOuts<D['arguments']> extends true
      ? unknown
      : ValueOf<D['return']>
    : WithOuts<ValueOf<D['return']>, Outs<D['arguments']>>;
