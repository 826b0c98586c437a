/** From types of C to the words of the declaration language. */
import { array } from '../language/structs.js';
import { callback, inout } from '../language/wrappers.js';
import type {
  CallbackArgument,
  CallbackReturn,
  CallbackSignature,
  InoutType,
  OutType,
} from '../language/types.js';
import type { MemoryType, SizedType } from '../language/struct-types.js';
import { problem, scalarWord } from './c-scalar-words.js';
import type { CType, FunctionType, Parameter } from './c-types.js';
import { type StructNames, structFor } from './structs/struct-names.js';

/** What a declaration may have for a parameter or a result. */
export type Word = string | object;

/** The word for a parameter of which nothing else is said. */
export function parameterWord({ type, at }: Parameter, structs: StructNames): Word {
  if (type.kind !== 'pointer') return structFor(structs, type) ?? scalarWord(type, at);
  const { to } = type;
  const struct = structFor(structs, to) as MemoryType | undefined;
  if (struct !== undefined) {
    const memory = type.many === true ? manyOf(struct) : struct;
    return type.constant ? { pointer: memory } : inout(memory);
  }
  if (to.kind === 'function') return callback(signatureOf(to, at));
  if (isChar(to)) return type.constant ? 'cstring' : inout('buffer');
  if (to.kind === 'void' || to.kind === 'scalar') return type.constant ? 'buffer' : inout('buffer');
  return 'pointer';
}

/** As many as the caller gives. */
function manyOf(struct: MemoryType): MemoryType {
  return struct.kind === 'array' && (struct as Partial<SizedType & { length: number }>).length === undefined
    ? struct
    : array(struct as SizedType);
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
  // How many there are is not known.
  if (struct !== undefined) return type.many === true ? undefined : struct;
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

export function isChar(type: CType): boolean {
  return type.kind === 'scalar' && type.word === 'char';
}
