/** All parameters of a function: those that its prototype names, and those that a call passes for the `...` behind them. */
import { show } from '../values/show.js';
import type { ParamSpec } from '../spec.js';
import { checkTextCounts, compileParameter } from './parameters.js';
import type { Place } from './problem.js';

/** Most parameters that one function can have, special ones included. */
export const MAX_PARAMETERS = 32;

export interface ParameterList {
  readonly params: readonly ParamSpec[];
  /** How many of them the prototype names; empty where that is all of them. */
  readonly named: { readonly named?: number };
}

/** @param variadic - as written; undefined for a function that is not variadic. */
export function compileParameters(place: Place, types: unknown, variadic: unknown): ParameterList {
  if (types === undefined) {
    throw place.problem('arguments is missing. Write arguments: [] for a function without parameters.');
  }
  const list = place.array(types, 'arguments', MAX_PARAMETERS, "a list of types, as in ['i32', 'buffer']");
  const fixed = list.map((type, index) => compileParameter(place, `arguments[${index}]`, type));
  const more = variadic === undefined ? [] : compileVariadic(place, variadic, fixed.length);
  const params = [...fixed, ...more];
  checkTextCounts(place, params);
  for (const kind of ['cancelFlag', 'cancelProbe', 'progress', 'chunks'] as const) {
    if (params.filter((param) => param.kind === kind).length > 1) {
      throw place.problem(
        `arguments has ${kind === 'chunks' ? 'chunks()' : `'${kind}'`} more than once. Only one is allowed.`,
      );
    }
  }
  return { params, named: variadic === undefined ? {} : { named: fixed.length } };
}

function compileVariadic(place: Place, variadic: unknown, fixed: number): ParamSpec[] {
  if (fixed === 0) {
    throw place.problem(
      'variadic is set, but arguments is empty. In C, at least one parameter is in front of the `...`.',
    );
  }
  const list = place.array(
    variadic,
    'variadic',
    MAX_PARAMETERS - fixed,
    "a list of the types that a call passes for '...', as in ['i32', 'f64']",
  );
  return list.map((type, index) => {
    const label = `variadic[${index}]`;
    const param = compileParameter(place, label, type);
    if (param.kind !== 'struct') return param;
    throw place.problem(
      `${label} is ${show(type)}. A struct by value is not passed for '...': pass a pointer.`,
    );
  });
}
