/** The grammar of C prototypes for TypeScript: what `c-parser.ts` does at run time. */
import type { BASIC_TYPES, STANDARD_TYPES } from './c-types.js';
import type { Group, Split, Tokens } from './infer-tokens.js';

type Standard = typeof STANDARD_TYPES;
type Basic = typeof BASIC_TYPES;

// ---- types of C: a word for a scalar, 'void', or one of these ----

export interface Pointer<To = unknown, Constant = unknown> {
  to: To;
  constant: Constant;
}
export interface FunctionType<P = unknown, R = unknown, V = unknown> {
  parameters: P;
  returns: R;
  variadic: V;
}
interface ArrayType<Of = unknown, Constant = unknown> {
  of: Of;
  constant: Constant;
}
/** A struct or union by its tag, or a name that is no type of C. */
export interface Opaque<N = unknown> {
  opaque: N;
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
type Punctuation = '(' | ')' | '[' | ']' | '{' | '}' | '*' | ',' | ';' | '=' | '.';

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

/** `E` are the typedefs: for each name [type, whether it is const]. */
type Named<N extends string, E> = N extends keyof E
  ? Head<E[N]>
  : N extends keyof Standard
    ? Standard[N]
    : Opaque<N>;

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
            ? Specifiers<WithoutTag<R>, E, K, H extends 'enum' ? 'i32' : Opaque<TagOf<R>>, C>
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
      ? ArrayType<Suffixes<Group<R>[1], B, C, E>, C>
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
  ? T extends ArrayType<infer Of, infer C>
    ? Parameter<N, Pointer<Of, C>>
    : T extends FunctionType
      ? Parameter<N, Pointer<T, false>>
      : Parameter<N, T>
  : never;

/** Reads typedefs, and then the function. */
export type Source<L extends readonly (readonly string[])[], E = {}> = L extends readonly [
  infer H extends readonly string[],
  ...infer R extends (readonly string[])[],
]
  ? H extends readonly ['typedef', ...infer T extends string[]]
    ? Declared<T, E> extends readonly [infer N extends string, infer Type, infer C]
      ? Source<R, E & Record<N, [Type extends Opaque<''> ? Opaque<N> : Type, C]>>
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
