/**
 * Checks the values of one call before any of them crosses to native code.
 *
 * This runs for every call, millions of times a second: one loop, one switch on small integers, no closures, and
 * nothing allocated unless it fails. The error text for an invalid value is worked out in `explain.ts`.
 */
import { Math } from '../../builtins.js';
import type { ArgumentError } from '../../errors.js';
import { isAddress, isUsableBytes } from './bytes.js';
import type { CompiledFunction } from '../compile/compile.js';
import { explainArgument, explainCount } from './explain.js';
import { CODES, OPTIONAL } from './caller-arguments.js';
import type { Scalar } from '../spec.js';
import { misfit } from './host-function.js';
import { isText, isTextList } from './text-list.js';

// Constants of their own, so that the optimizing compiler folds them.
const I8 = CODES.i8;
const U8 = CODES.u8;
const I16 = CODES.i16;
const U16 = CODES.u16;
const I32 = CODES.i32;
const U32 = CODES.u32;
const I64 = CODES.i64;
const U64 = CODES.u64;
const F32 = CODES.f32;
const F64 = CODES.f64;
const BOOL = CODES.bool;
const POINTER = CODES.pointer;
const CSTRING = CODES.cstring;
const BUFFER = CODES.buffer;
const SIZE = CODES.size;
const CSTRINGS = CODES.cstrings;
const COUNTED = CODES.counted;
const WANTED = CODES.wanted;

/**
 * @param args - what the caller gave, in order; outs and special parameters
 *   are not among them.
 * @returns null when every value can be passed as declared, else the error
 *   that the call fails with. Never throws.
 */
export function checkArguments(fn: CompiledFunction, args: readonly unknown[]): ArgumentError | null {
  const codes = fn.callerArguments.codes;
  const count = codes.length;
  if (args.length !== count) return explainCount(fn, args);
  for (let i = 0; i < count; i++) {
    if (!fits(codes[i] as number, args[i]) && !fitsBeyond(fn, i, args)) {
      return explainArgument(fn, i, args);
    }
  }
  return null;
}

/** Whether a number of strings is above that of those given. A value that is no number is refused by itself. */
function isAbove(count: unknown, given: number): boolean {
  return (typeof count === 'number' || typeof count === 'bigint') && count > given;
}

/** Checks apart what depends on more than a code: functions, and strings whose number is another argument. */
function fitsBeyond(fn: CompiledFunction, index: number, args: readonly unknown[]): boolean {
  const { codes, callbacks, positions } = fn.callerArguments;
  const value = args[index];
  if (codes[index] === COUNTED) {
    const param = fn.spec.params[positions[index] as number];
    const count = param?.kind === 'cstrings' ? positions.indexOf(param.count as number) : -1;
    return isTextList(value, true) && !(Array.isArray(value) && isAbove(args[count], value.length));
  }
  const spec = callbacks[index];
  return spec !== null && spec !== undefined && misfit(spec, value) === null;
}

/**
 * Whether a value can be passed as the type of that code; callbacks and counted strings are not told here. Integers take -0,
 * which passes as 0; those of 64 bits take a number as well, where it is exact; a float takes NaN and the infinities, but an f32 no
 * finite number that would become infinite. A string must survive the way to
 * UTF-8 and back: no NUL inside, and no lone surrogate.
 */
function fits(code: number, value: unknown): boolean {
  switch (code) {
    case I32:
      return typeof value === 'number' && (value | 0) === value;
    case U32:
      return typeof value === 'number' && value >>> 0 === value;
    case F64:
      return typeof value === 'number';
    case U64:
      return typeof value === 'bigint'
        ? BigInt.asUintN(64, value) === value
        : Number.isSafeInteger(value) && (value as number) >= 0;
    case POINTER:
      return typeof value === 'bigint' && BigInt.asUintN(64, value) === value;
    case I64:
      return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
    case BUFFER:
      return isUsableBytes(value) || isAddress(value);
    case CSTRING:
      return value === null || isText(value);
    case SIZE:
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case BOOL:
      return typeof value === 'boolean';
    case U8:
      return typeof value === 'number' && (value & 0xff) === value;
    case I8:
      return typeof value === 'number' && (value << 24) >> 24 === value;
    case U16:
      return typeof value === 'number' && (value & 0xffff) === value;
    case I16:
      return typeof value === 'number' && (value << 16) >> 16 === value;
    case F32:
      return typeof value === 'number' && (Number.isFinite(Math.fround(value)) || !Number.isFinite(value));
    case CSTRINGS:
      return isTextList(value, false);
    case WANTED:
      return value === true || value === null;
    default:
      return code >= OPTIONAL && (value === null || fits(code - OPTIONAL, value));
  }
}

/** Whether a value is one of a scalar type, in range. */
export function fitsType(type: Scalar, value: unknown): boolean {
  return fits(CODES[type], value);
}
