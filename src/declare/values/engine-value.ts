/** Scalars on their way to native code, where it is not the arguments of a call: those are checked by `validate.ts`. */
import { Math } from '../../builtins.js';
import { SCALARS } from '../language/scalars.js';
import type { Scalar } from '../spec.js';

/**
 * The value in the form of engines: bigint for i64, u64 and pointer, else a
 * number; a bool is 0 or 1.
 *
 * @returns undefined when the value does not fit the type, by the rules of arguments. Never throws.
 */
export function engineValue(type: Scalar, value: unknown): number | bigint | undefined {
  if (type === 'bool') return typeof value === 'boolean' ? Number(value) : undefined;
  const { integer, min, max } = SCALARS[type];
  if (typeof min === 'bigint') {
    const big = type !== 'pointer' && Number.isSafeInteger(value) ? BigInt(value as number) : value;
    return typeof big === 'bigint' && big >= min && big <= (max as bigint) ? big : undefined;
  }
  if (typeof value !== 'number') return undefined;
  if (integer) {
    // Adding 0 makes -0 a 0.
    return Number.isInteger(value) && value >= (min as number) && value <= (max as number)
      ? value + 0
      : undefined;
  }
  return type === 'f32' && Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? undefined : value;
}

/** The placeholder for no value: 0 in the form of engines. */
export function engineZero(type: Scalar | 'void'): number | bigint {
  return type !== 'void' && SCALARS[type].type === 'bigint' ? 0n : 0;
}
