/** Compiles `fails`, `errno`, `lastError` and `onCancel`. */
import type { Place } from './problem.js';
import { SCALARS } from '../language/scalars.js';
import { show } from '../values/show.js';
import type { FailsSpec, HelperSpec, ParamSpec, ReturnSpec } from '../spec.js';
import { didYouMean } from './suggest.js';

/** A predicate of a `fails`. It is user code: it may throw. */
export type FailsPredicate = (value: unknown) => unknown;

/** A compiled `fails`. */
export interface FailureRule {
  readonly rule: FailsSpec | null;
  readonly predicate: FailsPredicate | undefined;
}

const RULES = ['nonzero', 'negative', 'null'] as const;
const RULE_LIST = "'nonzero', 'negative', 'null', or a function of the returned value";
const HELPER = "{ symbol: 'name', arguments: [0] }";

/** @param fails - as written; undefined for none. */
export function compileFails(place: Place, fails: unknown, returns: ReturnSpec): FailureRule {
  if (fails === undefined) return { rule: null, predicate: undefined };
  if (returns.kind === 'void') {
    throw place.problem(
      "fails is set, but return is 'void', so no returned value can indicate a failure. Remove fails, or declare the type that the function returns.",
    );
  }
  if (typeof fails === 'function') return { rule: 'host', predicate: fails as FailsPredicate };
  const rule = RULES.find((known) => known === fails);
  if (rule === undefined) {
    const guess = typeof fails === 'string' ? didYouMean(fails, RULES) : '';
    throw place.problem(`fails is ${show(fails)}.${guess} Allowed: ${RULE_LIST}.`);
  }
  const reason = neverHolds(rule, returns);
  if (reason !== undefined) throw place.problem(`fails is '${rule}', ${reason}`);
  return { rule, predicate: undefined };
}

/** Why the rule makes no sense for what the function returns; undefined when it does. */
function neverHolds(rule: (typeof RULES)[number], returns: ReturnSpec): string | undefined {
  if (returns.kind === 'text') {
    return rule === 'null'
      ? undefined
      : "but the function returns a cstring. Write 'null', or a function of the string.";
  }
  if (returns.kind === 'struct') return 'but the function returns a struct. Write a function of its value.';
  if (returns.kind === 'void') return undefined;
  const type = returns.type;
  if (rule === 'null') {
    return type === 'pointer'
      ? undefined
      : `but '${type}' is never null; only pointer and cstring are. Write 'nonzero', or a function of the value.`;
  }
  return rule === 'negative' && !SCALARS[type].signed
    ? `but '${type}' is never negative. Declare the return type that the C prototype has, or write a function of the value.`
    : undefined;
}

/** @param errno - as written; undefined for false. */
export function compileErrno(place: Place, errno: unknown, fails: FailsSpec | null): boolean {
  if (errno === undefined) return false;
  if (typeof errno !== 'boolean') throw place.problem(`errno is ${show(errno)}. Allowed: true or false.`);
  if (errno && fails === null) throw withoutFails(place, 'errno');
  return errno;
}

/** @param value - as written; undefined for none. */
export function compileLastError(
  place: Place,
  value: unknown,
  params: readonly ParamSpec[],
  fails: FailsSpec | null,
): HelperSpec | null {
  if (value === undefined) return null;
  const helper =
    typeof value === 'string'
      ? { symbol: place.symbol(value, 'lastError'), arguments: [] }
      : compileHelper(place, 'lastError', value, params, `'symbol' or ${HELPER}`);
  if (fails === null) throw withoutFails(place, 'lastError');
  return helper;
}

/** @param value - as written; undefined for none. */
export function compileOnCancel(
  place: Place,
  value: unknown,
  params: readonly ParamSpec[],
): HelperSpec | null {
  if (value === undefined) return null;
  const helper = compileHelper(place, 'onCancel', value, params, HELPER);
  for (const index of helper.arguments) {
    const param = params[index];
    if (param?.kind === 'inout' && param.optional) {
      throw place.problem(
        `onCancel.arguments refers to parameter ${index}, an optional inout, which may have no value. Use a parameter that the caller always passes.`,
      );
    }
    // The interrupt function runs during the call, when the cell may not be filled.
    if (params[index]?.kind === 'out') {
      throw place.problem(
        `onCancel.arguments refers to parameter ${index}, an out parameter, which has no value before the call has ended. Use a parameter that the caller passes.`,
      );
    }
  }
  return helper;
}

function compileHelper(
  place: Place,
  label: string,
  value: unknown,
  params: readonly ParamSpec[],
  expected: string,
): HelperSpec {
  const copy = place.object(value, label, ['symbol', 'arguments'], expected);
  const symbol = place.symbol(copy.get('symbol'), `${label}.symbol`);
  const given = copy.get('arguments');
  if (given === undefined) return { symbol, arguments: [] };
  const list = place.array(given, `${label}.arguments`, 32, "a list of indices into 'arguments', as in [0]");
  return {
    symbol,
    arguments: list.map((index, at) => checkIndex(place, `${label}.arguments[${at}]`, index, params)),
  };
}

function checkIndex(place: Place, label: string, index: unknown, params: readonly ParamSpec[]): number {
  const param = typeof index === 'number' ? params[index] : undefined;
  if (typeof index !== 'number' || param === undefined) {
    const range =
      params.length === 0 ? 'the function has no parameters' : `allowed: 0 to ${params.length - 1}`;
    throw place.problem(`${label} is ${show(index)}. Expected the index of a parameter: ${range}.`);
  }
  if (param.kind === 'callback' || param.kind === 'chunks' || param.kind === 'cancelProbe') {
    throw place.problem(
      `${label} refers to parameter ${index}, which is ${param.kind === 'cancelProbe' ? "'cancelProbe'" : `${param.kind}()`}: a native function made for this call, which cannot be passed on. Use a number, a bool or a pointer.`,
    );
  }
  if (param.kind !== 'value' && param.kind !== 'out' && param.kind !== 'inout') {
    throw place.problem(
      `${label} refers to parameter ${index}, which is of kind ${param.kind}. Only numbers, bools and pointers can be passed on.`,
    );
  }
  return index;
}

function withoutFails(place: Place, key: string): Error {
  return place.problem(
    `${key} is read only after a failure, but the declaration has no rule for failures. Add fails: ${RULE_LIST}.`,
  );
}
