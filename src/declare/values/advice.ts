/** What to write in place of a scalar that does not fit. */
import { SCALARS } from '../language/scalars.js';
import type { Scalar } from '../spec.js';

/** One or two sentences for a value that does not fit the type. */
export function scalarAdvice(type: Scalar, value: unknown): string {
  switch (SCALARS[type].type) {
    case 'boolean':
      return 'Pass true or false.';
    case 'bigint':
      return bigintAdvice(type, value);
    default:
      return numberAdvice(type, value);
  }
}

function numberAdvice(type: Scalar, value: unknown): string {
  const { integer, min, max } = SCALARS[type];
  if (typeof value === 'bigint') {
    return `Pass a number: write ${value > -1000n && value < 1000n ? `${value}, not ${value}n` : 'Number(value)'}.`;
  }
  if (typeof value !== 'number') return `Pass a number${integer ? ` from ${min} to ${max}` : ''}.`;
  if (!integer)
    return `The value is too large for a 32-bit float; the maximum is ${max}. Declare f64 if the C type is double.`;
  if (Number.isNaN(value)) return 'NaN is not an integer; it was probably computed from an undefined value.';
  if (Number.isInteger(value) || !Number.isFinite(value))
    return `The value is out of range: ${min} to ${max}.`;
  return 'The value has a fraction. Round it, for example with Math.trunc().';
}

function bigintAdvice(type: Scalar, value: unknown): string {
  const { min, max } = SCALARS[type];
  if (typeof value === 'bigint') return `The value is out of range: ${min} to ${max}.`;
  if (type !== 'pointer') {
    if (Number.isSafeInteger(value)) return `The value is out of range: ${min} to ${max}.`;
    return typeof value === 'number'
      ? 'Pass a bigint; this number is not an exact integer.'
      : 'Pass a bigint, or a number that is a safe integer.';
  }
  if (Number.isSafeInteger(value)) return `Pass a bigint: write ${String(value)}n.`;
  if (typeof value === 'number') return 'Pass a bigint; this number is not an exact integer.';
  if (value === null || value === undefined) return 'Pass a bigint: NULL is 0n.';
  return 'Pass the address as a bigint; NULL is 0n.';
}
