/** What is said beside a prototype: the parameters that its keys name, and what becomes of them. */
import type { Place } from '../compile/problem.js';
import type { Snapshot } from '../compile/read-once.js';
import { didYouMean } from '../compile/suggest.js';
import type { CallbackOptions, CallbackSignature, ChunksOptions, OwnedText } from '../language/types.js';
import { callback, chunks, inout, out } from '../language/wrappers.js';
import { show } from '../values/show.js';
import type { CType, Parameter } from './c-types.js';
import type { StructNames } from './structs/struct-names.js';
import { inoutWord, isChar, outWord, signatureOf, type Word } from './c-words.js';

/** What the special parameters point to. */
const SPECIAL = {
  cancelFlag: { words: ['i32', 'u32'], expected: "a 'const volatile int32_t *'" },
  progress: { words: ['f64'], expected: "a 'volatile double *'" },
  cancelProbe: { words: null, expected: "an 'int (*)(void)'" },
} as const;
/** Most parameters that a list can name. */
const LIMIT = 32;
/** What `owned` names for the result. */
const RESULT = 'return';

/** The functions that release strings, by the name of the parameter, or `return`. */
export type OwnedNames = ReadonlyMap<string, string>;

/** What names in a prototype stand for. */
interface Names {
  readonly owned: OwnedNames;
  readonly structs: StructNames;
}

/** One parameter that is named: the key and the name; what it becomes, undefined where its type does not fit. */
interface Named {
  readonly key: string;
  readonly name: unknown;
  readonly wordOf: (parameter: Parameter) => Word | undefined;
  /** What its type has to be. */
  readonly expected: string;
}

/**
 * The words for the parameters that are named, by index.
 * @throws DeclarationError for a name that no parameter has or that is named twice, and for a type that does not fit.
 */
export function besideWords(
  place: Place,
  parameters: readonly Parameter[],
  beside: Snapshot,
  { owned, structs }: Names,
): ReadonlyMap<number, Word> {
  const words = new Map<number, Word>();
  for (const { key, name, wordOf, expected } of named(place, parameters, beside, { owned, structs })) {
    const index = find(place, parameters, key, name);
    if (words.has(index)) {
      throw place.problem(`${key} names ${show(name)}, which is named beside the prototype already.`);
    }
    const parameter = parameters[index] as Parameter;
    const word = wordOf(parameter);
    if (word === undefined) {
      throw place.problem(
        isConst(parameter) && (key === 'out' || key === 'inout')
          ? `${key} names ${show(name)}, which points to something const: native code does not write to it.`
          : `${key} names ${show(name)}, which is not ${expected}.`,
      );
    }
    words.set(index, word);
  }
  for (const name of names(place, 'optional', beside)) {
    const index = find(place, parameters, 'optional', name);
    const word = words.get(index);
    if (typeof word !== 'object' || !('out' in word || 'inout' in word)) {
      throw place.problem(
        `optional names ${show(name)}, which is not an out or inout parameter. Name it in out or inout as well; bytes and functions may be null without it.`,
      );
    }
    words.set(index, { ...word, optional: true });
  }
  for (const name of owned.keys()) {
    if (name === RESULT) continue;
    const word = words.get(find(place, parameters, 'owned', name));
    if (typeof word !== 'object' || !('out' in word)) {
      throw place.problem(
        `owned names ${show(name)}, which is not an out parameter. Name it in out as well.`,
      );
    }
  }
  return words;
}

function isConst({ type }: Parameter): boolean {
  return type.kind === 'pointer' && type.constant;
}

/** The type of a string that the function returns and the caller releases; undefined where none was declared. */
export function ownedResult(place: Place, owned: OwnedNames, result: Word): OwnedText | undefined {
  const free = owned.get(RESULT);
  if (free === undefined) return undefined;
  if (result === 'cstring') return { cstring: { free } };
  throw place.problem('owned says how the returned string is released, but the function returns none.');
}

function named(
  place: Place,
  parameters: readonly Parameter[],
  beside: Snapshot,
  { owned, structs }: Names,
): Named[] {
  const pointer = 'a pointer to one value whose type is known';
  const signature = ({ type, at }: Parameter): CallbackSignature | undefined =>
    type.kind === 'pointer' && type.to.kind === 'function' ? signatureOf(type.to, at) : undefined;
  return [
    ...names(place, 'out', beside).map((name): Named => {
      const free = owned.get(String(name));
      const wordOf = (parameter: Parameter): Word | undefined => {
        const word = outWord(parameter, structs);
        if (free === undefined) return word && out(word);
        return word === 'cstring' ? out({ cstring: { free } }) : undefined;
      };
      return { key: 'out', name, wordOf, expected: free === undefined ? pointer : "a 'char **'" };
    }),
    ...names(place, 'inout', beside).map((name): Named => {
      const wordOf = (parameter: Parameter): Word | undefined => {
        const word = inoutWord(parameter, structs);
        return word && inout(word);
      };
      return { key: 'inout', name, wordOf, expected: pointer };
    }),
    ...textLists(place, beside).map(([name, count]): Named => {
      const wordOf = ({ type }: Parameter): Word | undefined => {
        if (!isTextList(type)) return undefined;
        return count === undefined ? 'cstrings' : { cstrings: find(place, parameters, 'cstrings', count) };
      };
      return { key: 'cstrings', name, wordOf, expected: "a 'char **'" };
    }),
    ...(['callbacks', 'chunks'] as const).flatMap((key) =>
      optionsByName(place, key, beside).map(([name, options]): Named => {
        const wordOf = (parameter: Parameter): Word | undefined => {
          const of = signature(parameter);
          if (of === undefined) return undefined;
          return key === 'chunks'
            ? chunks(of, options as ChunksOptions & Record<never, never>)
            : callback(of, options as CallbackOptions & Record<never, never>);
        };
        return { key, name, wordOf, expected: 'a pointer to a function' };
      }),
    ),
    ...Object.entries(SPECIAL)
      .filter(([key]) => beside.get(key) !== undefined)
      .map(([key, { words, expected }]): Named => {
        const wordOf = ({ type }: Parameter): Word | undefined =>
          type.kind === 'pointer' && pointsTo(words, type.to) ? key : undefined;
        return { key, name: beside.get(key), wordOf, expected };
      }),
  ];
}

/** Whether it may be what a special parameter points to: one of those scalars, or a function if there are none. */
function pointsTo(words: readonly string[] | null, type: CType): boolean {
  if (type.kind === 'function') return words === null && type.parameters.length === 0;
  // A type of the library may stand for the right one.
  if (type.kind !== 'scalar') return words !== null && type.kind !== 'pointer' && type.kind !== 'array';
  return words !== null && words.includes(type.word);
}

function names(place: Place, key: string, beside: Snapshot): readonly unknown[] {
  const value = beside.get(key);
  return value === undefined
    ? []
    : place.array(value, key, LIMIT, "a list of the names of parameters, as in ['db']");
}

/** Whether it is an array of strings, or may be one. */
function isTextList(type: CType): boolean {
  return type.kind === 'pointer' && type.to.kind === 'pointer' && isChar(type.to.to);
}

/** The arrays of strings, and what has their number; undefined where NULL ends them. */
function textLists(place: Place, beside: Snapshot): readonly (readonly [name: unknown, count: unknown])[] {
  const value = beside.get('cstrings');
  if (value === undefined) return [];
  const expected = "a list of the names of parameters, or { names: 'count' }";
  if (Array.isArray(value))
    return place.array(value, 'cstrings', LIMIT, expected).map((name) => [name, undefined]);
  return [...place.object(value, 'cstrings', null, expected)];
}

/** A name alone, or an object with options for each name. */
function optionsByName(place: Place, key: string, beside: Snapshot): readonly (readonly [string, unknown])[] {
  const value = beside.get(key);
  if (value === undefined) return [];
  if (typeof value === 'string') return [[value, undefined]];
  return [...place.object(value, key, null, 'an object with options by the name of the parameter')];
}

/** Reads `owned`, once: a getter may give another answer the next time. */
export function ownedNames(place: Place, beside: Snapshot): OwnedNames {
  const value = beside.get('owned');
  if (value === undefined) return new Map();
  if (typeof value === 'string') return new Map([[RESULT, value]]);
  const expected = "the name of the function that releases the result, or { parameter: 'free' }";
  const copy = place.object(value, 'owned', null, expected);
  return new Map([...copy].map(([name, free]) => [name, place.symbol(free, `owned.${name}`)]));
}

/** The index of the parameter with that name, or at that index. */
function find(place: Place, parameters: readonly Parameter[], key: string, name: unknown): number {
  // A key of an object is a string, also where it was written as a number. No name begins with a digit.
  const isIndex = typeof name === 'number' || /^\d+$/.test(String(name));
  const index = isIndex
    ? Number(name)
    : parameters.findIndex((parameter) => parameter.name === name && name !== '');
  if (parameters[index] !== undefined) return index;
  const known = parameters.flatMap((parameter) => (parameter.name === '' ? [] : [parameter.name]));
  const guess = typeof name === 'string' ? didYouMean(name, known) : '';
  const those =
    known.length > 0
      ? `Its parameters: ${known.join(', ')}.`
      : 'Its parameters have no names: use their indices, from 0.';
  throw place.problem(`${key} names ${show(name)}, which is no parameter of the prototype.${guess} ${those}`);
}
