/**
 * The representation of scalars in ffi-rs, which has no i8 and u16, only JavaScript's bool, and only signed 64-bit
 * integers.
 *
 * An argument is passed in a type that extends it as C callers must (clang's callees rely on it); a result is read in a
 * type of its own width, because the rest of the return register is undefined, and its sign is restored afterwards.
 */
import type { Scalar } from '../../declare/spec.js';
import type { NativeValue } from '../engine.js';

/** Names in ffi-rs's `DataType`. */
export type WireType = 'U8' | 'I16' | 'I32' | 'U32' | 'BigInt' | 'Float' | 'Double' | 'Void';

/** The process whose calling convention determines the types. */
export interface WireHost {
  readonly platform: string;
  readonly arch: string;
}

const ARGUMENTS: { readonly [type in Scalar]: WireType } = {
  i8: 'I32',
  u8: 'U8',
  i16: 'I16',
  u16: 'I32',
  i32: 'I32',
  u32: 'U32',
  i64: 'BigInt',
  u64: 'BigInt',
  size: 'BigInt',
  f32: 'Float',
  f64: 'Double',
  bool: 'U8',
  pointer: 'BigInt',
};

const RESULTS: { readonly [type in Scalar | 'void']: WireType } = {
  ...ARGUMENTS,
  i8: 'U8',
  u16: 'I16',
  void: 'Void',
};

/** Integer arguments that Apple's arm64 convention passes in registers. */
const APPLE_REGISTERS = 8;

/** The types in which arguments are passed. */
export function argumentTypes(types: readonly Scalar[], host: WireHost = process): WireType[] {
  const packed = host.platform === 'darwin' && host.arch === 'arm64';
  let integers = 0;
  return types.map((type) => {
    if (type !== 'f32' && type !== 'f64') integers += 1;
    // Apple packs stack arguments by size: a wider type would shift what follows.
    if (packed && integers > APPLE_REGISTERS && type === 'i8') return 'U8';
    if (packed && integers > APPLE_REGISTERS && type === 'u16') return 'I16';
    return ARGUMENTS[type];
  });
}

/** The type in which a result is read. */
export function resultType(type: Scalar | 'void'): WireType {
  return RESULTS[type];
}

/** Converts a result of `resultType` to the declared type; null if no conversion is needed. */
export function resultFix(type: Scalar | 'void'): ((value: NativeValue) => NativeValue) | null {
  switch (type) {
    case 'i8':
      return (value) => ((value as number) << 24) >> 24;
    case 'u16':
      return (value) => (value as number) & 0xffff;
    case 'u64':
    case 'size':
    case 'pointer':
      return (value) => BigInt.asUintN(64, value as bigint);
    default:
      return null;
  }
}
