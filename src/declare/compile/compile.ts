/**
 * From what the user wrote to the compiled form. Everything that can be wrong
 * with a declaration is found here, before a library is touched.
 */
import {
  compileErrno,
  compileFails,
  compileLastError,
  compileOnCancel,
  type FailsPredicate,
} from './failure-rules.js';
import { compileStream } from './callback-parameters.js';
import { callerArgumentsOf, type CallerArguments } from '../values/caller-arguments.js';
import { compileParameters } from './parameter-list.js';
import { compileReturn } from './parameters.js';
import { Place } from './problem.js';
import { BESIDE_KEYS } from '../prototype/beside-keys.js';
import { fromPrototype } from '../prototype/from-prototype.js';
import { show } from '../values/show.js';
import { type StructArguments, structArguments } from '../memory/struct-arguments.js';
import type { Snapshot } from './read-once.js';
import type { ChunksSpec, FunctionSpec, ParamSpec, ReturnSpec } from '../spec.js';

/** A declared function, ready for use on the host. Only its `spec` can be sent to a lane. */
export interface CompiledFunction {
  /** The library, as it was named to `open`; for messages. */
  readonly library: string;
  readonly spec: FunctionSpec;
  /** Set exactly when `spec.fails` is `'host'`. User code: it may throw, and may return anything. */
  readonly failsPredicate?: FailsPredicate | undefined;
  /** The parameters that the caller gives, for validation. */
  readonly callerArguments: CallerArguments;
  /** Converts the arguments and results of a function with structs, unions or arrays; null for others. */
  readonly structs: StructArguments | null;
}

const RULES = ['variadic', 'symbol', 'fails', 'errno', 'lastError', 'onCancel', 'stream'];
const KEYS = ['arguments', 'return', ...RULES];
const PROTOTYPE_KEYS = ['prototype', ...BESIDE_KEYS, ...RULES];
/** Taken by the library object itself (`then` would make it look like a promise, `toJSON` like data). */
const RESERVED: ReadonlySet<string> = new Set(['engine', 'close', 'then', 'path', 'file', 'toJSON']);

/**
 * Compiles the declarations of a library.
 *
 * @param library - as named to `open`, for messages.
 * @param declarations - as the user wrote them: anything.
 * @returns one function for each key, in their order.
 * @throws DeclarationError, and nothing else, when any declaration is wrong.
 */
export function compileDeclarations(library: string, declarations: unknown): CompiledFunction[] {
  const copy = new Place(library).object(
    declarations,
    'the value passed',
    null,
    "an object of declarations, as in { add: { arguments: ['i32', 'i32'], return: 'i32' } }",
  );
  return Array.from(copy, ([name, declaration]) => compileFunction(library, name, declaration));
}

function compileFunction(library: string, name: string, declaration: unknown): CompiledFunction {
  const place = new Place(library, name);
  checkName(place, name);
  const copy = readDeclaration(place, declaration);
  const symbol = copy.get('symbol');
  const { params, named } = compileParameters(place, copy.get('arguments'), copy.get('variadic'));
  if (copy.get('return') === undefined) {
    throw place.problem("return is missing. Write return: 'void' for a function that returns nothing.");
  }
  const returns = compileReturn(place, copy.get('return'));
  const { rule, predicate } = compileFails(place, copy.get('fails'), returns);
  const spec: FunctionSpec = {
    name,
    symbol: place.symbol(symbol === undefined ? name : symbol, symbol === undefined ? 'the name' : 'symbol'),
    params,
    ...named,
    returns,
    fails: rule,
    errno: compileErrno(place, copy.get('errno'), rule),
    lastError: compileLastError(place, copy.get('lastError'), params, rule),
    onCancel: compileOnCancel(place, copy.get('onCancel'), params),
    stream: streamOf(place, copy.get('stream'), params),
  };
  return {
    library,
    spec,
    failsPredicate: predicate,
    callerArguments: callerArgumentsOf(params),
    structs: hasStructs(params, returns) ? structArguments(params, returns) : null,
  };
}

function hasStructs(params: readonly ParamSpec[], returns: ReturnSpec): boolean {
  return (
    returns.kind === 'struct' ||
    params.some((param) => param.kind === 'struct' || (param.kind === 'buffer' && param.memory !== undefined))
  );
}

/** The declaration in its full form, whether it was written so or as a prototype. */
function readDeclaration(place: Place, declaration: unknown): Snapshot {
  if (typeof declaration === 'string') return fromPrototype(place, declaration, new Map());
  const expected =
    "{ arguments: [...], return: 'type' }, or a prototype as in 'int32_t add(int32_t a, int32_t b)'";
  const copy = place.object(declaration, 'the declaration', null, expected);
  place.onlyKeys(copy, 'the declaration', copy.has('prototype') ? PROTOTYPE_KEYS : KEYS);
  if (!copy.has('prototype')) return copy;
  const prototype = copy.get('prototype');
  if (typeof prototype !== 'string') {
    throw place.problem(
      `prototype is ${show(prototype)}. Expected a C prototype, as in 'int32_t add(int32_t a, int32_t b)'.`,
    );
  }
  // What was read of `variadic` are words of the declaration language.
  const beside = [...copy].filter(([key]) => key !== 'variadic');
  return new Map([...fromPrototype(place, prototype, copy), ...beside]);
}

/** The chunks of the function's calls: by a parameter of its own, or by one that was installed before. */
function streamOf(place: Place, value: unknown, params: readonly ParamSpec[]): ChunksSpec | null {
  const installed = value === undefined ? null : compileStream(place, value);
  const own = params.find((param) => param.kind === 'chunks' && !param.persistent) as ChunksSpec | undefined;
  if (own === undefined || installed === null) return own ?? installed;
  throw place.problem(
    'stream is combined with a chunks() parameter, but the chunks of a call come from only one of them. Remove stream, or set persistent: true if the function only installs the callback.',
  );
}

/** The name becomes a property of the library object: it must not hide what that object, or any object, has. */
function checkName(place: Place, name: string): void {
  if (RESERVED.has(name) || name in Object.prototype) {
    throw place.problem(
      `the name ${show(name)} is reserved for a property of the library object. Choose another key, and pass the name of the function as symbol: ${show(name)}.`,
    );
  }
}
