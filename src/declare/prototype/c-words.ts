/** From types of C to the words of the declaration language. */
import { didYouMean } from '../compile/suggest.js';
import { callback, inout } from '../language/wrappers.js';
import type {
  CallbackArgument,
  CallbackReturn,
  CallbackSignature,
  InoutType,
  OutType,
  ScalarName,
} from '../language/types.js';
import type { MemoryType, SizedType } from '../language/struct-types.js';
import { type StructNames, structFor } from './struct-names.js';
import { PrototypeProblem } from './c-tokens.js';
import { BASIC_TYPES, type CType, type FunctionType, type Parameter, STANDARD_TYPES } from './c-types.js';

/** What a declaration may have for a parameter or a result. */
export type Word = string | object;

const KNOWN_NAMES = [...Object.keys(BASIC_TYPES), ...Object.keys(STANDARD_TYPES)];

const BY_VALUE =
  "is passed by value here, so its fields have to be known: write them beside the prototype, as in { prototype, structs: { name: struct({ x: 'i32' }) } }.";

/** The word for a parameter of which nothing else is said. */
export function parameterWord({ type, at }: Parameter, structs: StructNames): Word {
  if (type.kind !== 'pointer') return structFor(structs, type) ?? scalarWord(type, at);
  const { to } = type;
  const struct = structFor(structs, to) as MemoryType | undefined;
  if (struct !== undefined) return type.constant ? { pointer: struct } : inout(struct);
  if (to.kind === 'function') return callback(signatureOf(to, at));
  if (isChar(to)) return type.constant ? 'cstring' : inout('buffer');
  if (to.kind === 'void' || to.kind === 'scalar') return type.constant ? 'buffer' : inout('buffer');
  return 'pointer';
}

/** The word for what a function returns. */
export function resultWord(type: CType, at: number, structs: StructNames): Word {
  if (type.kind === 'void') return 'void';
  if (type.kind !== 'pointer') return structFor(structs, type) ?? scalarWord(type, at);
  return isChar(type.to) ? 'cstring' : 'pointer';
}

/** The word inside `out()` for a parameter; undefined where it points to nothing that could come out. */
export function outWord({ type, at }: Parameter, structs: StructNames): OutType | undefined {
  if (type.kind !== 'pointer' || type.constant) return undefined;
  const { to } = type;
  const struct = structFor(structs, to) as SizedType | undefined;
  if (struct !== undefined) return struct;
  if (to.kind === 'pointer') return isChar(to.to) ? 'cstring' : 'pointer';
  if (to.kind === 'unknown') return scalarWord(to, at);
  return to.kind === 'scalar' ? to.word : undefined;
}

/** The word inside `inout()` for one value that native code changes. */
export function inoutWord(parameter: Parameter, structs: StructNames): InoutType | undefined {
  const word = outWord(parameter, structs);
  return word === 'cstring' ? 'pointer' : (word as InoutType | undefined);
}

/** The signature of a callback. */
export function signatureOf(type: FunctionType, at: number): CallbackSignature {
  if (type.variadic) throw problem('A callback with a variable number of arguments is not supported.', at);
  return {
    arguments: type.parameters.map(({ type: of, at: where }): CallbackArgument => {
      if (of.kind !== 'pointer') return scalarWord(of, where);
      return of.constant && isChar(of.to) ? 'cstring' : 'pointer';
    }),
    return: callbackReturn(type.returns, at),
  };
}

function callbackReturn(type: CType, at: number): CallbackReturn {
  if (type.kind === 'void') return 'void';
  return type.kind === 'pointer' ? 'pointer' : scalarWord(type, at);
}

function scalarWord(type: CType, at: number): ScalarName {
  if (type.kind === 'scalar') return type.word;
  if (type.kind === 'unknown') {
    const guess = didYouMean(type.name, KNOWN_NAMES);
    const advice =
      guess === ''
        ? ` Write the type that it stands for in its place, or put its typedef in front, as its header has it: 'typedef … ${type.name};'.`
        : guess;
    throw problem(`${type.name} is not a type of C.${advice}`, at, type.name);
  }
  if (type.kind === 'record') throw problem(`A ${type.name} ${BY_VALUE}`, at, type.name);
  throw problem(`A ${type.kind} cannot be passed or returned here.`, at);
}

export function isChar(type: CType): boolean {
  return type.kind === 'scalar' && type.word === 'char';
}

function problem(what: string, at: number, text = ''): PrototypeProblem {
  return new PrototypeProblem(what, { at, text });
}
