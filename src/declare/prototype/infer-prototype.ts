/**
 * What TypeScript reads in a C prototype: the language of `c-parser.ts`, in template literal types. The result is the
 * declaration that `from-prototype.ts` makes at run time; a test holds both against each other.
 *
 * A text of more than about 900 characters is beyond what TypeScript follows: then nothing is inferred.
 */
import type { OpenArray, PointerTo } from '../language/struct-types.js';
import type {
  BytesName,
  Callback,
  CallbackArgument,
  Chunks,
  CountedTexts,
  Inout,
  InoutType,
  Optional,
  Out,
  OutType,
  OwnedText,
  ScalarName,
  SpecialName,
  TextName,
} from '../language/types.js';
import type {
  Defined,
  FunctionType,
  ManyPointer,
  Opaque,
  Parameter,
  Pointer,
  ScalarWord,
  Source,
  Statements,
} from './infer-c-types.js';

/** The word, or `Unread` where a declaration cannot have it. */
type Scalar<T> = T extends ScalarWord ? T : Unread;

/** The type that `structs` or the text itself has for a type of C; never if there is none. */
type StructFor<T, B> =
  T extends Opaque<infer N>
    ? B extends { readonly structs: infer S }
      ? N extends keyof S
        ? S[N]
        : DefinedType<T>
      : DefinedType<T>
    : never;
type DefinedType<T> = T extends Defined<unknown, infer M> ? M : never;

/** A struct by value, or a scalar. */
type ByValue<T, B> = [StructFor<T, B>] extends [never] ? Scalar<T> : StructFor<T, B>;

type ParameterWord<T, B> =
  T extends Pointer<infer To, infer C>
    ? [StructFor<To, B>] extends [never]
      ? PlainWord<T>
      : C extends true
        ? PointerTo<Pointed<T, StructFor<To, B>>>
        : Inout<Extract<Pointed<T, StructFor<To, B>>, InoutType>>
    : ByValue<T, B>;
/** The struct `S` that `T` points to, or as many of them as the caller gives. */
type Pointed<T, S> = T extends ManyPointer ? (S extends OpenArray ? S : OpenArray<S>) : S;

/** Of a pointer to anything but a struct that `structs` has. */
type PlainWord<T> =
  T extends Pointer<infer To, infer C>
    ? To extends FunctionType
      ? Callback<CallbackArguments<To>, CallbackReturned<To>, None>
      : To extends 'char'
        ? C extends true
          ? 'cstring'
          : Inout<'buffer'>
        : To extends ScalarWord | 'void'
          ? C extends true
            ? 'buffer'
            : Inout<'buffer'>
          : 'pointer'
    : never;

type ResultWord<T, B> =
  T extends Pointer<infer To>
    ? To extends 'char'
      ? 'cstring'
      : 'pointer'
    : T extends 'void'
      ? T
      : ByValue<T, B>;

/** Of a parameter that is named in `out` or `inout`. */
type OutWord<T, B> =
  T extends Pointer<infer To, infer C>
    ? C extends true
      ? Unread
      : To extends Pointer<infer Inner>
        ? Inner extends 'char'
          ? 'cstring'
          : 'pointer'
        : T extends ManyPointer
          ? // Of structs it is not known how many.
            Scalar<To>
          : ByValue<To, B>
    : Unread;

type CallbackArguments<F> =
  F extends FunctionType<infer P> ? Extract<CallbackWords<P>, readonly CallbackArgument[]> : never;
type CallbackWords<P> = {
  readonly [I in keyof P]: P[I] extends Parameter<unknown, infer T>
    ? T extends Pointer<infer To, infer C>
      ? [To, C] extends ['char', true]
        ? 'cstring'
        : 'pointer'
      : Scalar<T>
    : never;
};
type CallbackReturned<F> =
  F extends FunctionType<unknown, infer R>
    ? Extract<R extends Pointer ? 'pointer' : R, ScalarWord | 'pointer' | 'void'>
    : never;

/** Options left out. */
interface None {
  /** No argument becomes bytes. */
  readonly bytes?: never;
}

// ---- what is said beside the prototype ----

/** The names, or indices as strings, in a list. */
type Listed<L> = L extends readonly (infer N)[] ? AsText<N> : never;
/** A name, or an index as a string. */
type AsText<N> = `${N & (string | number)}`;
/** The names that `callbacks` or `chunks` have. */
type NamedIn<V> = V extends string ? V : `${keyof V & (string | number)}`;
/** The options of the parameter with the name `N` and the index `I`. */
type OptionsIn<V, N, I> = V extends string
  ? None
  : [KeyOf<V, N, I>] extends [never]
    ? None
    : V[KeyOf<V, N, I>] extends infer O extends object
      ? O
      : None;
/** The key of `V` that is the name or the index. */
type KeyOf<V, N, I> = keyof {
  [K in keyof V as `${K & (string | number)}` extends N | I ? K : never]: 1;
} &
  keyof V;
type Value<B, K extends string> = B extends { readonly [P in K]: infer V } ? V : never;
/** Whether the string is released by its receiver: of the parameter `N` at `I`, or of the result for 'return'. */
type IsOwned<B, N, I = never> = [Value<B, 'owned'>] extends [never]
  ? false
  : Value<B, 'owned'> extends string
    ? N extends 'return'
      ? true
      : false
    : Matches<N, I, NamedIn<Value<B, 'owned'>>>;

/** What the option `optional` adds to the word of the parameter `N` at `I`. */
type OptionalIn<B, N, I> = Matches<N, I, Listed<Value<B, 'optional'>>> extends true ? Optional : unknown;
/** The names that `cstrings` has. */
type TextListsIn<V> = [V] extends [never] ? never : V extends readonly unknown[] ? Listed<V> : NamedIn<V>;

/** `N` is the name of the parameter, `I` its index as a string. */
type Word<N extends string, I extends string, T, B> =
  Matches<N, I, Listed<Value<B, 'out'>>> extends true
    ? Out<IsOwned<B, N, I> extends true ? OwnedText : Extract<OutWord<T, B>, OutType>> & OptionalIn<B, N, I>
    : Matches<N, I, Listed<Value<B, 'inout'>>> extends true
      ? Inout<Extract<OutWord<T, B> extends 'cstring' ? 'pointer' : OutWord<T, B>, InoutType>> &
          OptionalIn<B, N, I>
      : Matches<N, I, TextListsIn<Value<B, 'cstrings'>>> extends true
        ? T extends Pointer<Pointer<'char'>>
          ? Value<B, 'cstrings'> extends readonly unknown[]
            ? 'cstrings'
            : CountedTexts
          : Unread
        : Matches<N, I, NamedIn<Value<B, 'chunks'>>> extends true
          ? T extends Pointer<infer F>
            ? Chunks<CallbackArguments<F>, CallbackReturned<F>, OptionsIn<Value<B, 'chunks'>, N, I>>
            : Unread
          : Matches<N, I, NamedIn<Value<B, 'callbacks'>>> extends true
            ? T extends Pointer<infer F>
              ? Callback<CallbackArguments<F>, CallbackReturned<F>, OptionsIn<Value<B, 'callbacks'>, N, I>>
              : Unread
            : Matches<N, I, AsText<Value<B, 'cancelFlag'>>> extends true
              ? 'cancelFlag'
              : Matches<N, I, AsText<Value<B, 'cancelProbe'>>> extends true
                ? 'cancelProbe'
                : Matches<N, I, AsText<Value<B, 'progress'>>> extends true
                  ? 'progress'
                  : ParameterWord<T, B>;
type Matches<N, I, L> = [Extract<L, N | I>] extends [never] ? false : true;

type Words<P, B> = {
  -readonly [I in keyof P]: P[I] extends Parameter<infer N extends string, infer T>
    ? Word<N, I & string, T, B>
    : never;
};

/** What cannot be read. */
export interface Unread {
  /** Only a mark. */
  readonly unread: true;
}

/** What `variadic` says of a prototype with `...`, which needs it. */
type VariadicPart<V, B> = V extends true
  ? {
      readonly variadic: B extends { readonly variadic: infer L extends readonly unknown[] }
        ? VariadicWords<L, B>
        : readonly [Unread];
    }
  : B extends { readonly variadic: readonly unknown[] }
    ? { readonly variadic: readonly [Unread] }
    : unknown;
type VariadicWords<L extends readonly unknown[], B> = { -readonly [I in keyof L]: VariadicWord<L[I], B> };
type VariadicWord<T, B> = T extends ScalarName | TextName | BytesName | SpecialName
  ? T
  : T extends string
    ? Source<Statements<`void f(${T})`>> extends readonly [
        unknown,
        FunctionType<[Parameter<unknown, infer Type>]>,
        unknown,
      ]
      ? ParameterWord<Type, B>
      : Unread
    : T;

/** The declaration that the prototype `S` stands for; `B` is the object that it stands in. */
export type FromPrototype<S extends string, B = {}> =
  Source<Statements<S>> extends readonly [unknown, FunctionType<infer P, infer R, infer V>, unknown]
    ? {
        readonly arguments: Extract<Words<P, B>, readonly unknown[]>;
        readonly return: IsOwned<B, 'return'> extends true ? OwnedText : ResultWord<R, B>;
      } & VariadicPart<V, B> &
        (B extends { readonly stream: infer St } ? { readonly stream: St } : unknown)
    : Unread;

/** The full form of a declaration, in whatever form it was written. @internal */
export type ShapeOf<D> = D extends string
  ? ShapeOfPrototype<D, {}>
  : D extends { readonly prototype: infer S extends string }
    ? ShapeOfPrototype<S, D>
    : D;

/** Of a text that TypeScript does not know: any arguments, any result. */
type ShapeOfPrototype<S extends string, B> = string extends S
  ? { readonly arguments: readonly unknown[]; readonly return: unknown }
  : FromPrototype<S, B>;

type VariadicOf<D> = D extends { readonly variadic: readonly (infer V)[] } ? V : never;

/** True where something in the declaration could not be read. @internal */
export type IsUnread<D> = D extends {
  readonly arguments: infer A extends readonly unknown[];
  readonly return: infer R;
}
  ? [Extract<A[number] | R | VariadicOf<D>, Unread>] extends [never]
    ? false
    : true
  : true;
