/** The words for an argument that cannot be passed: which, what it is, why not, and what to write. */
import { ArgumentError } from '../../errors.js';
import { scalarAdvice } from './advice.js';
import { bytesState } from './bytes.js';
import type { CompiledFunction } from '../compile/compile.js';
import { argumentType } from './caller-arguments.js';
import { HeldBytes } from './held-bytes.js';
import { misfit } from './host-function.js';
import { show, showName } from './show.js';
import type { HostFunctionSpec, Scalar } from '../spec.js';

type ArgumentType = Scalar | 'cstring' | 'buffer' | 'callback';

/** The error for a call with too many or too few values. */
export function explainCount(fn: CompiledFunction, args: readonly unknown[]): ArgumentError {
  const types = argumentTypes(fn);
  const filled =
    types.length < fn.spec.params.length ? ' Out parameters and special parameters are not passed.' : '';
  return failure(
    fn,
    `takes ${types.length} ${types.length === 1 ? 'argument' : 'arguments'} (${types.join(', ')}), but ${args.length} ${args.length === 1 ? 'was' : 'were'} passed.${filled}`,
  );
}

/** The error for a value that does not fit; `index` counts what the caller gives, from 0. */
export function explainArgument(fn: CompiledFunction, index: number, value: unknown): ArgumentError {
  const type = argumentTypes(fn)[index] as ArgumentType;
  const declared = fn.callerArguments.positions[index];
  const place = declared === index ? type : `${type}, declared as arguments[${declared}]`;
  return failure(
    fn,
    `argument ${index} (${place}) is ${show(value)}. ${advice(type, value, fn.callerArguments.callbacks[index] ?? null)}`,
  );
}

function failure(fn: CompiledFunction, what: string): ArgumentError {
  const { name } = fn.spec;
  return new ArgumentError(`${showName(name)} of ${showName(fn.library)}: ${what}`, { symbol: name });
}

function argumentTypes(fn: CompiledFunction): ArgumentType[] {
  return fn.callerArguments.positions.map((position) => {
    const param = fn.spec.params[position];
    return (param && argumentType(param)) as ArgumentType;
  });
}

function advice(type: ArgumentType, value: unknown, spec: HostFunctionSpec | null): string {
  // A function whose length changes from one look to the next may fit by now.
  if (type === 'callback') return (spec && misfit(spec, value)) ?? 'Pass a plain function.';
  if (type === 'buffer') return bytesAdvice(value);
  if (type === 'cstring') return textAdvice(value);
  if (type === 'pointer' && typeof value !== 'bigint' && bytesState(value) !== 'other') {
    return "Pass the address as a bigint, or declare the parameter as 'buffer' to pass bytes.";
  }
  return scalarAdvice(type, value);
}

function textAdvice(value: unknown): string {
  if (value === undefined) return 'Pass a string, or null for NULL.';
  if (typeof value !== 'string') {
    return bytesState(value) === 'other'
      ? 'Pass a string or null.'
      : "Pass a string or null, or declare the parameter as 'buffer' to pass bytes.";
  }
  const nul = value.indexOf('\0');
  return nul >= 0
    ? `The string has a NUL at index ${nul}, which native code would take for its end. Remove the NUL, or declare 'buffer' to pass bytes.`
    : 'The string has half of a surrogate pair, which UTF-8 cannot encode; it was probably cut in the middle of a character. Use value.toWellFormed() to replace such halves.';
}

function bytesAdvice(value: unknown): string {
  if (HeldBytes.is(value)) return value.absence;
  if (bytesState(value) === 'unusable') {
    return 'Its memory is no longer available: the ArrayBuffer was transferred, or was resized so that this view is out of bounds.';
  }
  const expected = 'Pass a Buffer, a typed array, a DataView, an ArrayBuffer or a SharedArrayBuffer';
  if (typeof value === 'string') return `${expected}, as in Buffer.from(text).`;
  if (typeof value === 'bigint') {
    return "This bigint is not an address: addresses are from 0 to 2^52 - 1. Declare the parameter as 'pointer' to pass any other value.";
  }
  return `${expected}; or null for NULL, or an address as a bigint.`;
}
