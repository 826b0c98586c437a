/**
 * The words of the declaration language.
 * Aliases are those of `node:ffi`.
 */
import type { ScalarName } from './types.js';
import type { Scalar } from '../spec.js';

/**
 * C leaves the sign of `char` to the platform. Linux on ARM, POWER, RISC-V and
 * System z has it unsigned; x86, macOS and Windows have it signed.
 */
export function charIsUnsigned(platform: string, arch: string): boolean {
  return platform === 'linux' && /^(arm|ppc|riscv|s390)/.test(arch);
}

const SCALAR_NAMES: Readonly<Record<ScalarName, Scalar>> = {
  i8: 'i8',
  int8: 'i8',
  char: charIsUnsigned(process.platform, process.arch) ? 'u8' : 'i8',
  u8: 'u8',
  uint8: 'u8',
  i16: 'i16',
  int16: 'i16',
  u16: 'u16',
  uint16: 'u16',
  i32: 'i32',
  int32: 'i32',
  u32: 'u32',
  uint32: 'u32',
  i64: 'i64',
  int64: 'i64',
  u64: 'u64',
  uint64: 'u64',
  size: 'size',
  f32: 'f32',
  float32: 'f32',
  float: 'f32',
  f64: 'f64',
  float64: 'f64',
  double: 'f64',
  bool: 'bool',
  pointer: 'pointer',
  ptr: 'pointer',
};

/** What a type name stands for. */
export type Meaning =
  | Scalar
  | 'cstring'
  | 'cstrings'
  | 'buffer'
  | 'void'
  | 'cancelFlag'
  | 'cancelProbe'
  | 'progress';

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...Object.entries(SCALAR_NAMES),
  ['cstring', 'cstring'],
  ['string', 'cstring'],
  ['str', 'cstring'],
  ['cstrings', 'cstrings'],
  ['buffer', 'buffer'],
  ['arraybuffer', 'buffer'],
  ['void', 'void'],
  ['cancelFlag', 'cancelFlag'],
  ['cancelProbe', 'cancelProbe'],
  ['progress', 'progress'],
]);

/** The type that a name stands for; undefined if it is not the name of a type. */
export function meaningOf(name: string): Meaning | undefined {
  return MEANINGS.get(name);
}

/** Every name, for suggestions. */
export const ALL_NAMES: readonly string[] = [...MEANINGS.keys()];

/** The names to recommend, for messages: aliases left out. */
export const SCALAR_LIST = 'i8 u8 i16 u16 i32 u32 i64 u64 size f32 f64 bool pointer';
