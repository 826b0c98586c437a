/** From one entry of `arguments`, or `return`, to its spec. */
import { compileCallback, compileChunks } from './callback-parameters.js';
import { isScalar, lookUp } from './look-up.js';
import { SCALAR_LIST } from '../language/names.js';
import type { Place } from './problem.js';
import { SCALARS } from '../language/scalars.js';
import { show } from '../values/show.js';
import { layoutOf } from '../memory/layout-of.js';
import { byValue, memoryParameter } from './memory-parameters.js';
import type { ParamSpec, ReturnSpec, TextSpec } from '../spec.js';

const BORROWED: TextSpec = Object.freeze({ free: null });
/** Whether a cell may be left out. */
interface Optionality {
  readonly optional?: true;
}

const WRAPPERS = ['out', 'inout', 'optional', 'pointer', 'callback', 'chunks', 'cstrings', 'cstring'];
const ARGUMENT_LIST = `${SCALAR_LIST} cstring cstrings buffer cancelFlag cancelProbe progress, out(type), inout(type), pointer(type), struct({...}), callback(signature), chunks(signature), { cstrings: n }`;
const RETURN_LIST = `${SCALAR_LIST} cstring void, { cstring: { free: 'symbol' } }, struct({...})`;
const MEMORY_LIST = 'struct({...}), union({...}), array(type, length)';
const OUT_LIST = `${SCALAR_LIST} cstring, { cstring: { free: 'symbol' } }, ${MEMORY_LIST}`;
const INOUT_LIST = `${SCALAR_LIST} buffer, ${MEMORY_LIST}`;

/** @param label - where the entry is, for example `arguments[1]`. */
export function compileParameter(place: Place, label: string, type: unknown): ParamSpec {
  if (typeof type !== 'string') return compileWrapper(place, label, type);
  const meaning = lookUp(place, label, type, { role: 'argument', allowed: ARGUMENT_LIST });
  if (isScalar(meaning)) return { kind: 'value', type: meaning };
  if (meaning === 'buffer') return { kind: 'buffer', inout: false };
  if (meaning === 'cstrings') return { kind: 'cstrings', count: null };
  if (meaning === 'void') {
    throw place.problem(
      `${label} is 'void', which is not valid for a parameter. For a function without parameters write arguments: []; for an address write 'pointer'.`,
    );
  }
  return { kind: meaning };
}

/** The spec of a declaration's `return`. */
export function compileReturn(place: Place, type: unknown): ReturnSpec {
  const layout = layoutOf(type);
  if (layout !== undefined) return { kind: 'struct', layout: byValue(place, 'return', layout) };
  if (typeof type !== 'string')
    return { kind: 'text', text: compileText(place, 'return', type, RETURN_LIST) };
  const meaning = lookUp(place, 'return', type, { role: 'return', allowed: RETURN_LIST });
  if (isScalar(meaning)) return { kind: 'value', type: meaning };
  if (meaning === 'void') return { kind: 'void' };
  if (meaning === 'cstring') return { kind: 'text', text: BORROWED };
  if (meaning === 'buffer') {
    throw place.problem(
      "return is 'buffer', but native code returns an address without a length. Return 'pointer', or have the function fill an inout('buffer') parameter.",
    );
  }
  throw place.problem(`return is '${meaning}', which is valid only for parameters. Allowed: ${RETURN_LIST}.`);
}

/** An entry that is not a string: a wrapper, or a mistake. */
function compileWrapper(place: Place, label: string, type: unknown): ParamSpec {
  const layout = layoutOf(type);
  if (layout !== undefined) return { kind: 'struct', layout: byValue(place, label, layout) };
  if (typeof type === 'function') {
    throw place.problem(
      `${label} is a function. Call the wrapper, as in out('i32'), or write the name of a type; a function that native code calls is declared with callback(), and passed to the call.`,
    );
  }
  const copy = place.object(type, label, WRAPPERS, `a type. Allowed: ${ARGUMENT_LIST}`);
  const [key, ...more] = [...copy.keys()].filter((one) => one !== 'optional');
  if (key === undefined || more.length > 0)
    throw place.problem(`${label} is ${show(type)}. Allowed: ${ARGUMENT_LIST}.`);
  if (key === 'cstring') {
    throw place.problem(
      `${label} is an owned cstring, but the caller keeps ownership of a string that it passes. Write 'cstring', or out({ cstring: { free: 'symbol' } }) for a string that native code returns.`,
    );
  }
  const inner = copy.get(key);
  const where = `${label}, ${key}(),`;
  const optional = compileOptional(place, where, key, copy.get('optional'));
  switch (key) {
    case 'out':
      return compileOut(place, where, inner, optional);
    case 'inout':
      return compileInout(place, where, inner, optional);
    case 'pointer':
      return compilePointer(place, where, inner);
    case 'cstrings':
      // Checked when all parameters are known.
      return { kind: 'cstrings', count: inner as number };
    case 'callback':
      return compileCallback(place, where, inner);
    default:
      return compileChunks(place, where, inner);
  }
}

/** The option of `out` and `inout`. */
function compileOptional(place: Place, label: string, key: string, value: unknown): Optionality {
  if (value === undefined) return {};
  if (key !== 'out' && key !== 'inout') {
    throw place.problem(`${label} has the option optional, which is for out() and inout(). Remove optional.`);
  }
  if (typeof value === 'boolean') return value ? { optional: true } : {};
  throw place.problem(`${label} optional is ${show(value)}. Allowed: true or false.`);
}

/** The parameter with the number of strings has to be an integer that the caller gives. */
export function checkTextCounts(place: Place, params: readonly ParamSpec[]): void {
  params.forEach((param, at) => {
    if (param.kind !== 'cstrings' || param.count === null) return;
    const count = params[param.count];
    const type = count?.kind === 'value' ? count.type : 'pointer';
    if (type !== 'pointer' && SCALARS[type].integer) return;
    throw place.problem(
      `arguments[${at}].cstrings is ${show(param.count)}. Expected the index of an argument of an integer type that is the number of strings; for an array that NULL ends, write 'cstrings'.`,
    );
  });
}

function compilePointer(place: Place, label: string, type: unknown): ParamSpec {
  const layout = layoutOf(type);
  if (layout !== undefined) return memoryParameter(place, label, { mode: 'in' }, layout);
  throw place.problem(
    `${label} is of ${show(type)}, which is not valid. Write 'pointer' for an address, or 'buffer' for bytes. Allowed: ${MEMORY_LIST}.`,
  );
}

function compileOut(place: Place, label: string, type: unknown, optional: Optionality): ParamSpec {
  const layout = layoutOf(type);
  if (layout !== undefined) return memoryParameter(place, label, { mode: 'out', ...optional }, layout);
  if (typeof type !== 'string') {
    return { kind: 'outText', text: compileText(place, label, type, OUT_LIST), ...optional };
  }
  const meaning = lookUp(place, label, type, { role: 'out', allowed: OUT_LIST });
  if (isScalar(meaning)) return { kind: 'out', type: meaning, ...optional };
  if (meaning === 'cstring') return { kind: 'outText', text: BORROWED, ...optional };
  const advice = meaning === 'buffer' ? " Write inout('buffer') for bytes that native code fills." : '';
  throw place.problem(
    `${label} is of '${meaning}', which is not valid for an out parameter.${advice} Allowed: ${OUT_LIST}.`,
  );
}

function compileInout(place: Place, label: string, type: unknown, optional: Optionality): ParamSpec {
  const layout = layoutOf(type);
  if (layout !== undefined) return memoryParameter(place, label, { mode: 'inout', ...optional }, layout);
  const meaning =
    typeof type === 'string' ? lookUp(place, label, type, { role: 'inout', allowed: INOUT_LIST }) : undefined;
  if (meaning === 'buffer') return { kind: 'buffer', inout: true };
  if (meaning !== undefined && isScalar(meaning)) return { kind: 'inout', type: meaning, ...optional };
  const advice = meaning === 'cstring' ? " Write inout('buffer') for a string that native code changes." : '';
  throw place.problem(
    `${label} is of ${show(type)}, which is not valid for an inout parameter.${advice} Allowed: ${INOUT_LIST}.`,
  );
}

/** `{ cstring: { free } }`. */
function compileText(place: Place, label: string, type: unknown, allowed: string): TextSpec {
  const expected = `a type. Allowed: ${allowed}`;
  const owned = place.object(type, label, ['cstring'], expected);
  const inner = place.object(owned.get('cstring'), `${label} cstring`, ['free'], "{ free: 'symbol' }");
  return { free: place.symbol(inner.get('free'), `${label} cstring.free`) };
}
