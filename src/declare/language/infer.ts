/** What TypeScript infers from a declaration: arguments and result of the call. */
import type { ShapeOf } from '../prototype/infer-prototype.js';
import type { LentBytes, PlainBytes } from './lend.js';
import type { AnyFunction, PersistentCallback } from './persistent.js';
import type { TransferredBytes } from './transfer.js';
import type {
  ArgumentType,
  BytesName,
  Callback,
  Chunks,
  CountedTexts,
  DeclarationShape,
  Inout,
  Optional,
  Out,
  OwnedText,
  ScalarName,
  ScalarInput,
  ScalarValue,
  SpecialName,
  TextName,
  TextsName,
} from './types.js';
import type { MemoryInput, MemoryType, MemoryValue, PointerTo } from './struct-types.js';

/**
 * Bytes given to native code. Views over a SharedArrayBuffer are live memory;
 * the rest is copied when the call is made, unless it is passed through
 * `transfer()` or `lend()`. An inout buffer belongs to its call until that settles.
 */
export type Bytes = PlainBytes | TransferredBytes | LentBytes;

/** What is given for a `buffer` or `inout('buffer')`: bytes, null for NULL, or the address of memory that native code has. */
export type BytesInput = Bytes | bigint | null;

/** Anything a parameter may be given. */
export type ArgumentValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Bytes
  | readonly (string | null)[]
  | AnyFunction
  | PersistentCallback
  | { readonly [field: string]: unknown }
  | readonly unknown[];

/** Parameters that offthread fills in. */
type FilledIn = SpecialName | Out | Chunks;

/** The JavaScript type of a result: of `return`, or inside `out()` and `inout()`. */
type ValueOf<T> = T extends ScalarName
  ? ScalarValue<T>
  : T extends TextName | OwnedText
    ? string | null
    : T extends 'void'
      ? undefined
      : T extends MemoryType
        ? MemoryValue<T>
        : unknown;

/** The value that a callback's function receives for one argument. */
type CallbackValue<T> = T extends ScalarName
  ? ScalarValue<T>
  : T extends TextName
    ? string | null
    : T extends { readonly bytes: number }
      ? Buffer
      : T extends { readonly cstrings: number }
        ? (string | null)[]
        : T extends { readonly pointers: number }
          ? bigint[]
          : never;

/** Index of the argument that the option `bytes` makes bytes; never without it. */
type BytesIndex<O> = O extends { readonly bytes: readonly [infer P extends number, number] } ? P : never;

/** The arguments of a callback's function, as a tuple. */
type CallbackValues<A extends readonly unknown[], P extends number> = {
  -readonly [K in keyof A]: K extends `${P}`
    ? Buffer | (number extends P ? CallbackValue<A[K]> : never)
    : CallbackValue<A[K]>;
};

/** The value that a callback's function returns. */
type CallbackAnswer<R, O> = R extends 'void'
  ? unknown
  : O extends { readonly sync: true }
    ? ScalarInput<R>
    : ScalarInput<R> | PromiseLike<ScalarInput<R>>;

/** The function that a callback parameter takes. */
export type CallbackFunction<C> =
  C extends Callback<infer A, infer R, infer O>
    ? (...args: CallbackValues<A, BytesIndex<O>>) => CallbackAnswer<R, O>
    : never;

/** The value that the caller passes for one parameter; `never` if the caller passes none. */
type CallerValue<T> = T extends ScalarName
  ? ScalarInput<T>
  : T extends TextName
    ? string | null
    : T extends BytesName
      ? BytesInput
      : T extends TextsName
        ? readonly string[] | bigint | null
        : T extends CountedTexts
          ? readonly (string | null)[] | bigint | null
          : T extends FilledIn
            ? T extends Out & Optional
              ? true | null
              : never
            : T extends Inout<infer Inner>
              ? CallerValue<Inner> | NullIf<T>
              : T extends Callback
                ? CallbackFunction<T> | PersistentCallback<CallbackFunction<T>> | null
                : T extends PointerTo<infer Inner>
                  ? MemoryInput<Inner> | bigint | null
                  : T extends MemoryType
                    ? MemoryInput<T>
                    : ArgumentValue;

/** Null for a parameter that may be left out. */
type NullIf<T> = T extends Optional ? null : never;

/** The parameters that the caller gives, one after the other. */
type CallerValues<A extends readonly unknown[]> = A extends readonly [infer Head, ...infer Rest]
  ? [CallerValue<Head>] extends [never]
    ? CallerValues<Rest>
    : [CallerValue<Head>, ...CallerValues<Rest>]
  : [];

/** The results of out and scalar inout parameters, in order. */
type Outs<A extends readonly unknown[]> = A extends readonly [infer Head, ...infer Rest]
  ? Head extends Out<infer Inner>
    ? [ValueOf<Inner> | NullIf<Head>, ...Outs<Rest>]
    : Head extends Inout<infer Inner extends ScalarName | MemoryType>
      ? [ValueOf<Inner> | NullIf<Head>, ...Outs<Rest>]
      : Outs<Rest>
  : [];

/** True for `string[]` and the like, whose length the compiler does not know. */
type HasAnyLength<A extends readonly unknown[]> = number extends A['length'] ? true : false;

/** True where some element may be a wrapper that adds to the result. */
type MayHaveOuts<A extends readonly unknown[]> = [Extract<A[number], Out | Inout>] extends [never]
  ? unknown extends A[number]
    ? true
    : false
  : true;

/** The return value, or a tuple of it and the outs. */
type WithOuts<R, O extends readonly unknown[]> = O extends readonly [] ? R : [R, ...O];

/**
 * The parameters the caller gives, as a tuple: all but outs and special ones.
 * Of a declaration whose `arguments` is not a literal: any number of any values.
 */
export type ArgumentsOf<D> =
  ShapeOf<D> extends infer S extends DeclarationShape ? ArgumentsOfShape<S> : never;

/** A declaration of a variadic function. */
interface Variadic {
  /** What is passed for the `...`. */
  readonly variadic: readonly unknown[];
}

/** All parameters: those that the prototype names, and those for its `...`. */
type Parameters<D extends DeclarationShape> = D extends Variadic
  ? readonly [...D['arguments'], ...D['variadic']]
  : D['arguments'];

/** The same of a declaration in its full form. */
type ArgumentsOfShape<D extends DeclarationShape> =
  HasAnyLength<Parameters<D>> extends true ? ArgumentValue[] : CallerValues<Parameters<D>>;

/**
 * What the call resolves to: the return value, or `[returnValue, ...outs]`
 * where there are `out` or scalar `inout` parameters.
 */
export type ResultOf<D> = ShapeOf<D> extends infer S extends DeclarationShape ? ResultOfShape<S> : never;

/** The same of a declaration in its full form. */
type ResultOfShape<D extends DeclarationShape> =
  HasAnyLength<Parameters<D>> extends true
    ? MayHaveOuts<Parameters<D>> extends true
      ? unknown
      : ValueOf<D['return']>
    : WithOuts<ValueOf<D['return']>, Outs<Parameters<D>>>;

/** The `chunks()` of a declaration that are its own: of a parameter that is not persistent, or of `stream`. */
type StreamOf<D extends DeclarationShape> =
  | (ArgumentType extends D['arguments'][number] ? never : OwnChunks<D['arguments'][number]>)
  | (D extends { readonly stream: infer S extends Chunks } ? S : never);

/** The `chunks()` of one parameter; `never` where it is persistent. */
type OwnChunks<T> =
  T extends Chunks<infer _A, infer _R, infer O>
    ? O extends { readonly persistent: true }
      ? never
      : T
    : never;

/** One chunk of `chunks()`. */
type ChunkOfStream<C> =
  C extends Chunks<infer A, infer _R, infer O>
    ? O extends { readonly bytes: readonly [number, number] }
      ? Buffer
      : CallbackValues<A, never>
    : never;

/** Whether native code hands out chunks during a call: true or false. */
export type IsStreaming<D> = [ChunkOf<D>] extends [never] ? false : true;

/** One chunk: a Buffer, or the tuple of the callback's arguments. `never` where there are none. */
export type ChunkOf<D> =
  ShapeOf<D> extends infer S extends DeclarationShape ? ChunkOfStream<StreamOf<S>> : never;
