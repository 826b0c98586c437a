/** The words for an argument that cannot be passed: which, what it is, why not, and what to write. */
import { ArgumentError } from '../errors.js';
import { bytesState } from './bytes.js';
import type { CompiledFunction } from './compile.js';
import { givenType } from './given.js';
import { SCALARS } from './scalars.js';
import { show, showName } from './show.js';
import type { Scalar } from './spec.js';

type GivenType = Scalar | 'cstring' | 'buffer';

/** The error for a call with too many or too few values. */
export function explainCount(fn: CompiledFunction, args: readonly unknown[]): ArgumentError {
  const types = givenTypes(fn);
  const filled = types.length < fn.spec.params.length ? ' Outs and special parameters are not given.' : '';
  return failure(
    fn,
    `takes ${types.length} ${types.length === 1 ? 'argument' : 'arguments'} (${types.join(', ')}), but ${args.length} ${args.length === 1 ? 'was' : 'were'} given.${filled}`,
  );
}

/** The error for a value that does not fit; `index` counts what the caller gives, from 0. */
export function explainArgument(fn: CompiledFunction, index: number, value: unknown): ArgumentError {
  const type = givenTypes(fn)[index] as GivenType;
  const declared = fn.given.positions[index];
  const place = declared === index ? type : `${type}, declared as arguments[${declared}]`;
  return failure(fn, `argument ${index} (${place}) is ${show(value)}. ${advice(type, value)}`);
}

function failure(fn: CompiledFunction, what: string): ArgumentError {
  const { name } = fn.spec;
  return new ArgumentError(`${showName(name)} of ${showName(fn.library)}: ${what}`, { symbol: name });
}

function givenTypes(fn: CompiledFunction): GivenType[] {
  return fn.given.positions.map((position) => {
    const param = fn.spec.params[position];
    return (param && givenType(param)) as GivenType;
  });
}

function advice(type: GivenType, value: unknown): string {
  if (type === 'buffer') return bytesAdvice(value);
  if (type === 'cstring') return textAdvice(value);
  switch (SCALARS[type].type) {
    case 'boolean':
      return 'Give true or false.';
    case 'bigint':
      return bigintAdvice(type, value);
    default:
      return numberAdvice(type, value);
  }
}

function numberAdvice(type: Scalar, value: unknown): string {
  const { integer, min, max } = SCALARS[type];
  if (typeof value === 'bigint') {
    return `Give a number: write ${value > -1000n && value < 1000n ? `${value}, not ${value}n` : 'Number(value)'}.`;
  }
  if (typeof value !== 'number') return `Give a number${integer ? ` from ${min} to ${max}` : ''}.`;
  if (!integer)
    return `It is too large for a 32-bit float: the greatest is ${max}. Declare f64 if the C type is double.`;
  if (Number.isNaN(value)) return 'NaN is no integer; something it was computed from was probably undefined.';
  if (Number.isInteger(value) || !Number.isFinite(value)) return `It is out of range: ${min} to ${max}.`;
  return 'It has a fraction. Round it, for example with Math.trunc().';
}

function bigintAdvice(type: Scalar, value: unknown): string {
  const { min, max } = SCALARS[type];
  if (typeof value === 'bigint') return `It is out of range: ${min} to ${max}.`;
  if (Number.isSafeInteger(value)) return `Give a bigint: write ${String(value)}n.`;
  if (typeof value === 'number') return 'Give a bigint; this number is no exact integer.';
  if (type !== 'pointer') return 'Give a bigint, as in 5n.';
  if (value === null || value === undefined) return 'Give a bigint: NULL is 0n.';
  return bytesState(value) === 'other'
    ? 'Give the address as a bigint; NULL is 0n.'
    : "Give the address as a bigint, or declare the parameter as 'buffer' to pass bytes.";
}

function textAdvice(value: unknown): string {
  if (value === undefined) return 'Give a string, or null for NULL.';
  if (typeof value !== 'string') {
    return bytesState(value) === 'other'
      ? 'Give a string or null.'
      : "Give a string or null, or declare the parameter as 'buffer' to pass bytes.";
  }
  const nul = value.indexOf('\0');
  return nul >= 0
    ? `It has a NUL at index ${nul}, where native code would think that it ends. Remove it, or declare 'buffer' to pass bytes.`
    : 'It has half of a surrogate pair, which has no UTF-8 form; it was probably cut in the middle of a character. Use value.toWellFormed() to replace such halves.';
}

function bytesAdvice(value: unknown): string {
  if (bytesState(value) === 'unusable') {
    return 'Its memory is gone: the ArrayBuffer was transferred, or resized so that this view is out of bounds.';
  }
  const expected = 'Give a Buffer, a typed array, a DataView, an ArrayBuffer or a SharedArrayBuffer';
  if (typeof value === 'string') return `${expected}, as in Buffer.from(text).`;
  if (value === null || value === undefined || typeof value === 'bigint') {
    return `${expected}. To pass an address or NULL, declare the parameter as 'pointer'; NULL is 0n.`;
  }
  return `${expected}.`;
}
