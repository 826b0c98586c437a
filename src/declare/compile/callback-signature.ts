/** From the signature of a callback, and its option `bytes`, to its spec. */
import { isScalar, lookUp } from './look-up.js';
import { SCALAR_LIST } from '../language/names.js';
import type { Place } from './problem.js';
import { SCALARS } from '../language/scalars.js';
import { show } from '../values/show.js';
import type { CallbackParamSpec, CallbackSpec } from '../spec.js';

/** Most parameters that one callback can have. */
const MAX_CALLBACK_PARAMETERS = 16;

const COUNTED = ['bytes', 'cstrings', 'pointers'] as const;
const ARGUMENT_LIST = `${SCALAR_LIST} cstring, { bytes: n }, { cstrings: n }, { pointers: n } where n is the index of the argument with the count`;
const RETURN_LIST = `${SCALAR_LIST} void`;

/** A compiled signature. */
export interface CompiledSignature {
  readonly callback: CallbackSpec;
  /** The argument that the option `bytes` made bytes; null without it. */
  readonly bytes: number | null;
}

/**
 * @param label - where it is, for example `arguments[1], callback(),`.
 * @param bytes - the option, as written; undefined for none.
 */
export function compileSignature(
  place: Place,
  label: string,
  signature: unknown,
  bytes: unknown,
): CompiledSignature {
  const copy = place.object(
    signature,
    `${label} signature`,
    ['arguments', 'return'],
    "{ arguments: [...], return: 'type' }",
  );
  const params = compileParameters(place, label, copy.get('arguments'));
  const returns = compileReturn(place, label, copy.get('return'));
  const index = bytes === undefined ? null : applyBytes(place, label, bytes, params);
  params.forEach((param, at) => {
    if (param.kind !== 'value' && param.kind !== 'cstring') {
      checkCount(place, `${label} arguments[${at}].${param.kind}`, param.count, at, params);
    }
  });
  return { callback: { params, returns }, bytes: index };
}

function compileParameters(place: Place, label: string, types: unknown): CallbackParamSpec[] {
  if (types === undefined) {
    throw place.problem(
      `${label} arguments is missing. Write arguments: [] for a callback without parameters.`,
    );
  }
  const list = place.array(
    types,
    `${label} arguments`,
    MAX_CALLBACK_PARAMETERS,
    "a list of types, as in ['pointer', 'i32']",
  );
  return list.map((type, at) => compileParameter(place, `${label} arguments[${at}]`, type));
}

function compileParameter(place: Place, label: string, type: unknown): CallbackParamSpec {
  if (typeof type !== 'string') return compileCounted(place, label, type);
  const meaning = lookUp(place, label, type, { role: 'callback argument', allowed: ARGUMENT_LIST });
  if (isScalar(meaning)) return { kind: 'value', type: meaning };
  if (meaning === 'cstring') return { kind: 'cstring' };
  const advice =
    meaning === 'buffer'
      ? ' Write { bytes: n }, where n is the index of the argument with the length.'
      : meaning === 'cstrings'
        ? ' Write { cstrings: n }, where n is the index of the argument with the number.'
        : meaning === 'void'
          ? ' For a callback without parameters write arguments: [].'
          : '';
  throw place.problem(
    `${label} is '${meaning}', which is not a valid type for a parameter of a callback.${advice} Allowed: ${ARGUMENT_LIST}.`,
  );
}

/** `{ bytes }`, `{ cstrings }` or `{ pointers }`, with an index that is checked later. */
function compileCounted(place: Place, label: string, type: unknown): CallbackParamSpec {
  const copy = place.object(type, label, COUNTED, `a type. Allowed: ${ARGUMENT_LIST}`);
  const kind = COUNTED.find((known) => copy.has(known));
  if (kind === undefined || copy.size !== 1) {
    throw place.problem(`${label} is ${show(type)}. Allowed: ${ARGUMENT_LIST}.`);
  }
  return { kind, count: copy.get(kind) as number };
}

function compileReturn(place: Place, label: string, type: unknown): CallbackSpec['returns'] {
  if (type === undefined) {
    throw place.problem(
      `${label} return is missing. Write return: 'void' for a callback that returns nothing.`,
    );
  }
  const meaning =
    typeof type === 'string'
      ? lookUp(place, `${label} return`, type, { role: 'callback return', allowed: RETURN_LIST })
      : undefined;
  if (meaning === 'void' || (meaning !== undefined && isScalar(meaning))) return meaning;
  const advice =
    meaning === 'cstring' || meaning === 'buffer' || (typeof type === 'object' && type !== null)
      ? " Memory returned by a callback could not be released, because native code does not report when it has read it. Return a 'pointer' to memory that stays valid."
      : '';
  throw place.problem(`${label} return is ${show(type)}.${advice} Allowed: ${RETURN_LIST}.`);
}

/** `bytes: [p, l]`: makes argument p bytes. Gives p. */
function applyBytes(place: Place, label: string, bytes: unknown, params: CallbackParamSpec[]): number {
  const expected = 'a pair of argument indices, the address and its length in bytes, as in [0, 1]';
  const pair = place.array(bytes, `${label} bytes`, 2, expected);
  if (pair.length !== 2) throw place.problem(`${label} bytes is ${show(bytes)}. Expected ${expected}.`);
  const [at, count] = pair;
  const param = paramAt(place, `${label} bytes[0]`, at, params);
  const index = at as number;
  checkCount(place, `${label} bytes[1]`, count, index, params);
  const same = param.kind === 'bytes' && param.count === count;
  if (!same && (param.kind !== 'value' || param.type !== 'pointer')) {
    throw place.problem(
      `${label} bytes[0] refers to argument ${index}, which is ${describe(param)}. Declare it as 'pointer'.`,
    );
  }
  params[index] = { kind: 'bytes', count: count as number };
  return index;
}

/** An index that must name an integer argument other than the one it is for. */
function checkCount(
  place: Place,
  label: string,
  index: unknown,
  owner: number,
  params: readonly CallbackParamSpec[],
): void {
  const param = paramAt(place, label, index, params);
  if (index === owner) {
    throw place.problem(`${label} refers to its own argument. Use the index of the argument with the count.`);
  }
  if (param.kind !== 'value' || param.type === 'pointer' || !SCALARS[param.type].integer) {
    throw place.problem(
      `${label} refers to argument ${show(index)}, which is ${describe(param)}. Use the index of an argument of an integer type that has the count.`,
    );
  }
}

function paramAt(
  place: Place,
  label: string,
  index: unknown,
  params: readonly CallbackParamSpec[],
): CallbackParamSpec {
  const param = typeof index === 'number' ? params[index] : undefined;
  if (param !== undefined) return param;
  const range = params.length === 0 ? 'the callback has no arguments' : `allowed: 0 to ${params.length - 1}`;
  throw place.problem(
    `${label} is ${show(index)}. Expected the index of an argument of the callback: ${range}.`,
  );
}

function describe(param: CallbackParamSpec): string {
  if (param.kind === 'value') return `'${param.type}'`;
  return param.kind === 'cstring' ? "'cstring'" : `{ ${param.kind} }`;
}
