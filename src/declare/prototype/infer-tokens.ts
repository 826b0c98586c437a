/** The tokens of a C prototype for TypeScript: what `c-tokens.ts` does at run time. */

type Lower =
  | 'a'
  | 'b'
  | 'c'
  | 'd'
  | 'e'
  | 'f'
  | 'g'
  | 'h'
  | 'i'
  | 'j'
  | 'k'
  | 'l'
  | 'm'
  | 'n'
  | 'o'
  | 'p'
  | 'q'
  | 'r'
  | 's'
  | 't'
  | 'u'
  | 'v'
  | 'w'
  | 'x'
  | 'y'
  | 'z';
type WordCharacter =
  | Lower
  | Uppercase<Lower>
  | '0'
  | '1'
  | '2'
  | '3'
  | '4'
  | '5'
  | '6'
  | '7'
  | '8'
  | '9'
  | '_'
  | '$';
type Space = ' ' | '\n' | '\t' | '\r';
type Ends<W extends string, T extends readonly string[]> = W extends '' ? T : [...T, W];

/** The tokens of a text; `W` is the word that has begun. */
export type Tokens<
  S extends string,
  W extends string = '',
  T extends readonly string[] = [],
> = S extends `${infer C}${infer R}`
  ? C extends WordCharacter
    ? Tokens<R, `${W}${C}`, T>
    : C extends Space
      ? Tokens<R, '', Ends<W, T>>
      : C extends '/'
        ? R extends `*${string}*/${infer Rest}`
          ? Tokens<Rest, '', Ends<W, T>>
          : R extends `/${string}\n${infer Rest}`
            ? Tokens<Rest, '', Ends<W, T>>
            : Ends<W, T>
        : C extends '#'
          ? // A directive.
            R extends `${string}\n${infer Rest}`
            ? Tokens<Rest, '', Ends<W, T>>
            : Ends<W, T>
          : Tokens<R, '', [...Ends<W, T>, C]>
  : Ends<W, T>;

type Opening = '(' | '[' | '{';
type Closing = ')' | ']' | '}';

/** Splits behind the closing of a group whose opening was taken: [inside, behind]. */
export type Group<
  T extends readonly string[],
  Inside extends readonly string[] = [],
  Depth extends readonly 0[] = [],
> = T extends readonly [infer H extends string, ...infer R extends string[]]
  ? H extends Opening
    ? Group<R, [...Inside, H], [...Depth, 0]>
    : H extends Closing
      ? Depth extends readonly [0, ...infer Less extends 0[]]
        ? Group<R, [...Inside, H], Less>
        : [Inside, R]
      : Group<R, [...Inside, H], Depth>
  : [Inside, []];

/** Splits at a separator outside all groups. */
export type Split<
  T extends readonly string[],
  Separator extends string,
  Done extends readonly (readonly string[])[] = [],
  Now extends readonly string[] = [],
  Depth extends readonly 0[] = [],
> = T extends readonly [infer H extends string, ...infer R extends string[]]
  ? H extends Opening
    ? Split<R, Separator, Done, [...Now, H], [...Depth, 0]>
    : H extends Closing
      ? Split<
          R,
          Separator,
          Done,
          [...Now, H],
          Depth extends readonly [0, ...infer Less extends 0[]] ? Less : []
        >
      : H extends Separator
        ? Depth extends []
          ? Split<R, Separator, [...Done, Now], [], Depth>
          : Split<R, Separator, Done, [...Now, H], Depth>
        : Split<R, Separator, Done, [...Now, H], Depth>
  : [...Done, Now];
