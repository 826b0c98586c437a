/** The grammar of C prototypes for TypeScript: what `c-parser.ts` does at run time. */
import type { FixedArray, Struct, Union } from '../language/struct-types.js';
import type { BASIC_TYPES, STANDARD_TYPES } from './c-types.js';
import type { Group, Split, Tokens } from './infer-tokens.js';

type Standard = typeof STANDARD_TYPES;
type Basic = typeof BASIC_TYPES;

// ---- types of C: a word for a scalar, 'void', or one of these ----

export interface Pointer<To = unknown, Constant = unknown> {
  to: To;
  constant: Constant;
}
/** Of a parameter that was written as an array without a length. */
export interface ManyPointer<To = unknown, Constant = unknown> extends Pointer<To, Constant> {
  many: true;
}
export interface FunctionType<P = unknown, R = unknown, V = unknown> {
  parameters: P;
  returns: R;
  variadic: V;
}
interface ArrayType<Of = unknown, Constant = unknown, Many = unknown> {
  of: Of;
  constant: Constant;
  many: Many;
}
/** A struct or union by its tag, or a name that is no type of C. */
export interface Opaque<N = unknown> {
  opaque: N;
}
/** A struct or union that the text defines: `memory` is its type in the declaration language. */
export interface Defined<N = unknown, M = unknown> extends Opaque<N> {
  memory: M;
}
export interface Parameter<N = unknown, T = unknown> {
  name: N;
  type: T;
}

// ---- specifiers ----

type Const = 'const' | '__const' | '__const__';
type Ignored =
  | 'volatile'
  | 'restrict'
  | '__restrict'
  | '__restrict__'
  | '__volatile__'
  | '_Atomic'
  | 'extern'
  | 'static'
  | 'inline'
  | '__inline'
  | '__inline__'
  | 'register'
  | '_Noreturn'
  | 'noreturn'
  | '__extension__'
  | '__cdecl';
type Attribute = '__attribute__' | '__attribute' | '__declspec' | '__asm__' | '__asm' | 'asm' | '_Alignas';
type Keyword =
  | 'signed'
  | 'unsigned'
  | 'short'
  | 'long'
  | 'int'
  | 'char'
  | 'float'
  | 'double'
  | 'void'
  | 'bool'
  | '_Bool'
  | '__signed__'
  | '__signed'
  | NeverPassed;
/** Words that make a type of the others of which no call passes one; `complex` is a name, unless at run time. */
type NeverPassed =
  | '_Complex'
  | '__complex__'
  | '__complex'
  | '_Imaginary'
  | '__int128'
  | '__int64'
  | '__int32'
  | '__int16'
  | '__int8'
  | '_BitInt'
  | '_Sat'
  | '_Fract'
  | '_Accum'
  | '__vector';
type Punctuation = '(' | ')' | '[' | ']' | '{' | '}' | '*' | ',' | ';' | '=' | '.' | ':';

/** The type of the keywords in `K`; a second `long` is 'long long'. */
type BasicOf<K> = [Extract<K, NeverPassed>] extends [never] ? BasicOfKnown<K> : Opaque<K>;
type BasicOfKnown<K> = 'void' extends K
  ? 'void'
  : 'char' extends K
    ? Basic['unsigned' extends K
        ? 'unsigned char'
        : [Extract<K, 'signed' | '__signed__' | '__signed'>] extends [never]
          ? 'char'
          : 'signed char']
    : 'short' extends K
      ? Basic['unsigned' extends K ? 'unsigned short' : 'short']
      : 'float' extends K
        ? Basic['float']
        : 'double' extends K
          ? Basic['double']
          : 'bool' extends K
            ? Basic['bool']
            : '_Bool' extends K
              ? Basic['bool']
              : 'long' extends K
                ? Basic['unsigned' extends K ? 'unsigned long' : 'long']
                : Basic['unsigned' extends K ? 'unsigned int' : 'int'];

/** `E` are the typedefs: for each name [type, whether it is const]; and, by `#tag`, the structs that are defined. */
type Named<N extends string, E> = N extends keyof E
  ? Resolved<Head<E[N]>, E>
  : N extends keyof Standard
    ? Standard[N]
    : Opaque<N>;

/** A typedef may come before the definition of its struct. */
type Resolved<T, E> =
  T extends Pointer<infer To, infer C>
    ? Pointer<Resolved<To, E>, C>
    : T extends Opaque<infer N extends string>
      ? `#${N}` extends keyof E
        ? E[`#${N}`]
        : T
      : T;

type Head<Q> = Q extends readonly [infer T, unknown] ? T : never;
/** Whether a type is const: by itself, or by its typedef. */
type ConstOf<N, E, C> = C extends true
  ? true
  : N extends keyof E
    ? E[N] extends readonly [unknown, infer OfTypedef]
      ? OfTypedef
      : false
    : false;

/**
 * Reads specifiers: [type, whether it is const, the tokens behind it]. `K` are keywords, `Tag` a struct, union or enum,
 * `W` the words seen that are neither: macros, the type, and perhaps the name.
 */
type Specifiers<
  T extends readonly string[],
  E,
  K = never,
  Tag = never,
  C = false,
  W extends readonly string[] = [],
> = T extends readonly [infer H extends string, ...infer R extends string[]]
  ? H extends Const
    ? Specifiers<R, E, K, Tag, true, W>
    : H extends Ignored
      ? Specifiers<R, E, K, Tag, C, W>
      : H extends Attribute
        ? R extends readonly ['(', ...infer G extends string[]]
          ? Specifiers<Group<G>[1], E, K, Tag, C, W>
          : Specifiers<R, E, K, Tag, C, W>
        : H extends Keyword
          ? Specifiers<R, E, K | H, Tag, C>
          : H extends 'struct' | 'union' | 'class' | 'enum'
            ? Specifiers<
                WithoutTag<WithoutAttributes<R>>,
                E,
                K,
                H extends 'enum' ? 'i32' : RecordOf<H, WithoutAttributes<R>, E>,
                C
              >
            : H extends Punctuation
              ? Specified<T, E, K, Tag, C, W>
              : BehindMacro<H, R> extends readonly [string, ...string[]]
                ? Specifiers<BehindMacro<H, R>, E, K, Tag, C, W>
                : Specifiers<R, E, K, Tag, C, [...W, H]>
  : Specified<[], E, K, Tag, C, W>;

/** What is behind a macro with arguments, as in `DEPRECATED(7.55, "use g") int f(void)`; [] where there is none. */
type BehindMacro<H extends string, R extends readonly string[]> =
  Uppercase<H> extends H
    ? R extends readonly ['(', ...infer G extends string[]]
      ? Group<G>[1] extends readonly [infer Next, ...string[]]
        ? Next extends Punctuation | Attribute
          ? []
          : Group<G>[1]
        : []
      : []
    : [];

type TagOf<T extends readonly string[]> = T extends readonly ['{', ...string[]]
  ? ''
  : T extends readonly [infer Tag extends string, ...string[]]
    ? Tag
    : '';

/** Leaves out attributes behind the keyword. */
type WithoutAttributes<T extends readonly string[]> = T extends readonly [
  Attribute,
  '(',
  ...infer R extends string[],
]
  ? WithoutAttributes<Group<R>[1]>
  : T;

/** The struct or union behind a keyword. */
type RecordOf<Kind, T extends readonly string[], E> = T extends readonly ['{', ...infer R extends string[]]
  ? Defined<'', MemoryOf<Kind, FieldsOf<Split<Group<R>[0], ';'>, E>>>
  : T extends readonly [infer Tag extends string, '{', ...infer R extends string[]]
    ? Defined<Tag, MemoryOf<Kind, FieldsOf<Split<Group<R>[0], ';'>, E>>>
    : Resolved<Opaque<TagOf<T>>, E>;
type MemoryOf<Kind, F extends object> = Kind extends 'union' ? Union<F> : Struct<F>;

/** The fields of a body whose declarations are `L`. */
type FieldsOf<L extends readonly (readonly string[])[], E, F extends object = {}> = L extends readonly [
  infer H extends readonly string[],
  ...infer R extends (readonly string[])[],
]
  ? FieldsOf<R, E, H extends readonly [] ? F : F & FieldsIn<Split<H, ','>, E>>
  : { [K in keyof F]: F[K] };

/** The fields of one declaration: its declarators, separated by commas. */
type FieldsIn<L, E> = L extends readonly [
  infer H extends readonly string[],
  ...infer More extends (readonly string[])[],
]
  ? Specifiers<H, E> extends readonly [infer B, infer C, infer R extends readonly string[]]
    ? FieldOf<Declarator<R, B, C, E>> & MoreFields<More, B, C, E>
    : {}
  : {};
type MoreFields<
  L extends readonly (readonly string[])[],
  B,
  C,
  E,
  F extends object = {},
> = L extends readonly [infer H extends readonly string[], ...infer R extends (readonly string[])[]]
  ? MoreFields<R, B, C, E, F & FieldOf<Declarator<H, B, C, E>>>
  : F;
type FieldOf<D> = D extends readonly [infer N extends string, infer T, unknown]
  ? { readonly [K in N]: FieldWord<T> }
  : {};
type FieldWord<T> = T extends ScalarWord
  ? T
  : T extends Pointer
    ? 'pointer'
    : T extends ArrayType<infer Of>
      ? FixedArray<FieldWord<Of>>
      : T extends Defined<unknown, infer M>
        ? M
        : never;

/** Leaves out the tag and the body of a struct, union or enum. */
type WithoutTag<T extends readonly string[]> = T extends readonly ['{', ...infer R extends string[]]
  ? Group<R>[1]
  : T extends readonly [string, '{', ...infer R extends string[]]
    ? Group<R>[1]
    : T extends readonly [string, ...infer R extends string[]]
      ? R
      : [];

/** `Known` if there is one, else the last word of `W` that is a type, else `Type`: the rest are macros. */
type LastKnown<W extends readonly string[], E, Known extends string, Type extends string> = [Known] extends [
  never,
]
  ? W extends readonly [...infer Before extends string[], infer Last extends string]
    ? LastKnown<Before, E, Last extends keyof E | keyof Standard ? Last : never, Type>
    : Type
  : Known;

type Specified<T extends readonly string[], E, K, Tag, C, W extends readonly string[]> = [K, Tag] extends [
  never,
  never,
]
  ? T extends readonly ['*', ...string[]]
    ? W extends readonly [...string[], infer Type extends string]
      ? [Named<Type, E>, ConstOf<Type, E, C>, T]
      : never
    : W extends readonly [
          ...infer Before extends string[],
          infer Type extends string,
          infer Name extends string,
        ]
      ? LastKnown<
          Before,
          E,
          Type extends keyof E | keyof Standard ? Type : never,
          Type
        > extends infer Known extends string
        ? [Named<Known, E>, ConstOf<Known, E, C>, [Name, ...T]]
        : never
      : W extends readonly [infer Type extends string]
        ? [Named<Type, E>, ConstOf<Type, E, C>, T]
        : never
  : [
      [Tag] extends [never] ? BasicOf<K> : Tag,
      C,
      // In front of a `*`, the words are macros.
      T extends readonly ['*', ...string[]]
        ? T
        : W extends readonly [...string[], infer Name extends string]
          ? [Name, ...T]
          : T,
    ];

// ---- declarators ----

/** Reads a declarator: [name, type, whether it is const]. */
type Declarator<T extends readonly string[], B, C, E> = T extends readonly [
  infer H extends string,
  ...infer R extends string[],
]
  ? H extends '*'
    ? Declarator<R, Pointer<B, C>, false, E>
    : H extends Const
      ? Declarator<R, B, true, E>
      : H extends Ignored
        ? Declarator<R, B, C, E>
        : H extends '('
          ? R extends readonly ['*' | '(', ...string[]]
            ? Nested<Group<R>, B, C, E>
            : R extends readonly [infer N extends string, ')', '(', ...string[]]
              ? N extends Keyword | ')'
                ? ['', Suffixes<T, B, C, E>, C]
                : Nested<Group<R>, B, C, E>
              : ['', Suffixes<T, B, C, E>, C]
          : H extends Punctuation
            ? ['', Suffixes<T, B, C, E>, C]
            : R extends readonly [infer Next extends string, ...string[]]
              ? Next extends Punctuation | Attribute
                ? [H, Suffixes<R, B, C, E>, C]
                : Declarator<R, B, C, E>
              : [H, B, C]
  : ['', B, C];

type Nested<G, B, C, E> = G extends readonly [
  infer Inside extends readonly string[],
  infer Behind extends readonly string[],
]
  ? Declarator<Inside, Suffixes<Behind, B, C, E>, false, E>
  : never;

/** The type that parameters and lengths behind a declarator make of `B`. */
type Suffixes<T extends readonly string[], B, C, E> = T extends readonly ['(', '(', ...string[]]
  ? T extends readonly [string, ...infer R extends string[]]
    ? // Parameters in a macro of old headers: f OF((int a)).
      Suffixes<readonly [...Group<R>[0], ...Group<R>[1]], B, C, E>
    : never
  : T extends readonly ['(', ...infer R extends string[]]
    ? Group<R> extends readonly [
        infer Inside extends readonly string[],
        infer Behind extends readonly string[],
      ]
      ? Split<Inside, ','> extends readonly [...infer Named extends (readonly string[])[], Dots]
        ? FunctionType<ParameterList<Named, E>, Suffixes<Behind, B, false, E>, true>
        : FunctionType<Parameters<Inside, E>, Suffixes<Behind, B, false, E>, false>
      : never
    : T extends readonly ['[', ...infer R extends string[]]
      ? ArrayType<Suffixes<Group<R>[1], B, C, E>, C, R extends readonly [']', ...string[]] ? true : false>
      : B;

type Dots = readonly ['.', '.', '.'];

type Parameters<T extends readonly string[], E> = T extends readonly [] | readonly ['void']
  ? []
  : ParameterList<Split<T, ','>, E>;

type ParameterList<L extends readonly (readonly string[])[], E> = {
  [I in keyof L]: Adjusted<Declared<L[I], E>>;
};

/** Reads a type with its declarator, as {@link Declarator} does. */
type Declared<T extends readonly string[], E> =
  Specifiers<T, E> extends readonly [infer B, infer C, infer R extends readonly string[]]
    ? Declarator<R, B, C, E>
    : never;

/** As C does: an array or a function is passed as its address. */
type Adjusted<D> = D extends readonly [infer N, infer T, unknown]
  ? T extends ArrayType<infer Of, infer C, infer Many>
    ? Parameter<N, Many extends true ? ManyPointer<Of, C> : Pointer<Of, C>>
    : T extends FunctionType
      ? Parameter<N, Pointer<T, false>>
      : Parameter<N, T>
  : never;

/** What is known when the struct or union `B` has been read: its tag, if it was defined. */
type WithTag<B, E> = B extends Defined<infer N extends string> ? E & { [K in `#${N}`]: B } : E;
/** What a typedef makes of a type: a struct without a tag has the name of its typedef. */
type TypedefOf<T, N> = T extends Defined<'', infer M> ? Defined<N, M> : T extends Opaque<''> ? Opaque<N> : T;

/** Reads typedefs and definitions, and then the function. */
export type Source<L extends readonly (readonly string[])[], E = {}> = L extends readonly [
  infer H extends readonly string[],
  ...infer R extends (readonly string[])[],
]
  ? H extends readonly ['typedef', ...infer T extends string[]]
    ? Specifiers<T, E> extends readonly [infer B, infer Const, infer D extends readonly string[]]
      ? Declarator<D, B, Const, E> extends readonly [infer N extends string, infer Type, infer C]
        ? Source<R, WithTag<B, E> & Record<N, [TypedefOf<Type, N>, C]>>
        : never
      : never
    : H extends readonly ['struct' | 'union' | 'class' | 'enum', ...string[]]
      ? Specifiers<H, E> extends readonly [infer B, infer C, infer D extends readonly string[]]
        ? D extends readonly []
          ? Source<R, WithTag<B, E>>
          : Declarator<D, B, C, E>
        : never
      : Declared<H, E>
  : never;

/** The statements of a text, in tokens; a semicolon may end the last one. */
export type Statements<S extends string> =
  Split<Tokens<S>, ';'> extends readonly [...infer L extends (readonly string[])[], readonly []]
    ? L
    : Split<Tokens<S>, ';'>;

/** The words for scalars. */
export type ScalarWord = Basic[keyof Basic] | Standard[keyof Standard];
