/**
 * What validation needs to know of the parameters that the caller gives, in
 * the caller's order. Small integers in flat arrays: they are read for every
 * argument of every call.
 */
import type { HostFunctionSpec, ParamSpec, Scalar } from '../spec.js';

/** What a caller can give: a value of a type; or `wanted`, whether an optional out is wanted. */
export type GivenType = Scalar | 'cstring' | 'cstrings' | 'counted' | 'buffer' | 'callback' | 'wanted';

/** Code of each type that a caller can give. */
export const CODES: Readonly<Record<GivenType, number>> = Object.freeze({
  i8: 0,
  u8: 1,
  i16: 2,
  u16: 3,
  i32: 4,
  u32: 5,
  i64: 6,
  u64: 7,
  f32: 8,
  f64: 9,
  bool: 10,
  pointer: 11,
  cstring: 12,
  buffer: 13,
  callback: 14,
  size: 15,
  cstrings: 17,
  counted: 18,
  wanted: 19,
});

/** Added to the code of a parameter that may be null, where its type has no null of its own. */
export const OPTIONAL = 32;

/** The parameters that the caller gives. */
export interface CallerArguments {
  /** One of {@link CODES} for each. */
  readonly codes: readonly number[];
  /** Where each is in `FunctionSpec.params`. */
  readonly positions: readonly number[];
  /** The spec of each that is a callback, else null. */
  readonly callbacks: readonly (HostFunctionSpec | null)[];
}

/** Picks what the caller gives out of all parameters. */
export function callerArgumentsOf(params: readonly ParamSpec[]): CallerArguments {
  const codes: number[] = [];
  const positions: number[] = [];
  const callbacks: (HostFunctionSpec | null)[] = [];
  params.forEach((param, position) => {
    const type = argumentType(param);
    if (type === null) return;
    codes.push(CODES[type] + (param.kind === 'inout' && param.optional ? OPTIONAL : 0));
    positions.push(position);
    callbacks.push(param.kind === 'callback' ? param : null);
  });
  return { codes, positions, callbacks };
}

/** The type of what the caller gives for a parameter; null for one that is not given. */
export function argumentType(param: ParamSpec): GivenType | null {
  switch (param.kind) {
    case 'value':
    case 'inout':
      return param.type;
    case 'out':
    case 'outText':
      return param.optional ? 'wanted' : null;
    case 'cstrings':
      return param.count === null ? 'cstrings' : 'counted';
    case 'cstring':
    case 'buffer':
    case 'callback':
      return param.kind;
    // Its bytes are passed on.
    case 'struct':
      return 'buffer';
    default:
      return null;
  }
}
