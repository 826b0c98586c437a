/**
 * The words of the declaration language, and words people use for them.
 * Aliases are those of `node:ffi`; the C names are only there to be corrected.
 */
import type { ScalarName } from './types.js';
import type { Scalar } from './spec.js';

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
export type Meaning = Scalar | 'cstring' | 'buffer' | 'void' | 'cancelFlag' | 'cancelProbe' | 'progress';

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...Object.entries(SCALAR_NAMES),
  ['cstring', 'cstring'],
  ['string', 'cstring'],
  ['str', 'cstring'],
  ['buffer', 'buffer'],
  ['arraybuffer', 'buffer'],
  ['void', 'void'],
  ['cancelFlag', 'cancelFlag'],
  ['cancelProbe', 'cancelProbe'],
  ['progress', 'progress'],
]);

/** The type that a name stands for; undefined for a name that is none. */
export function meaningOf(name: string): Meaning | undefined {
  return MEANINGS.get(name);
}

/** Every name, for suggestions. */
export const ALL_NAMES: readonly string[] = [...MEANINGS.keys()];

/** The names to recommend, for messages: aliases left out. */
export const SCALAR_LIST = 'i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 bool pointer';

const CALLBACK =
  "callback({ arguments: [...], return: 'type' }), or 'pointer' for the address of a native function";

/** Words that people coming from C, or from another library, write for a type. */
const FOREIGN_NAMES: ReadonlyMap<string, string> = new Map([
  ['int', "'i32'"],
  ['int32_t', "'i32'"],
  ['uint', "'u32'"],
  ['unsigned int', "'u32'"],
  ['uint32_t', "'u32'"],
  ['short', "'i16'"],
  ['int16_t', "'i16'"],
  ['unsigned short', "'u16'"],
  ['uint16_t', "'u16'"],
  ['byte', "'u8'"],
  ['uchar', "'u8'"],
  ['unsigned char', "'u8'"],
  ['uint8_t', "'u8'"],
  ['int8_t', "'i8'"],
  ['long', "'i64' (on Windows a C long is 'i32')"],
  ['unsigned long', "'u64' (on Windows a C long is 'u32')"],
  ['ulong', "'u64' (on Windows a C long is 'u32')"],
  ['long long', "'i64'"],
  ['longlong', "'i64'"],
  ['int64_t', "'i64'"],
  ['bigint', "'i64' or 'u64'"],
  ['unsigned long long', "'u64'"],
  ['uint64_t', "'u64'"],
  ['size_t', "'u64'"],
  ['usize', "'u64'"],
  ['uintptr_t', "'u64'"],
  ['isize', "'i64'"],
  ['ssize_t', "'i64'"],
  ['intptr_t', "'i64'"],
  ['number', "'i32' or 'f64'"],
  ['boolean', "'bool'"],
  ['_bool', "'bool'"],
  ['char*', "'cstring', or 'buffer' for bytes"],
  ['const char*', "'cstring'"],
  ['utf8', "'cstring'"],
  ['void*', "'pointer', or 'buffer' for bytes"],
  ['const void*', "'pointer', or 'buffer' for bytes"],
  ['uint8array', "'buffer'"],
  ['arraybufferview', "'buffer'"],
  ['function', CALLBACK],
  ['callback', CALLBACK],
  ['chunks', "chunks({ arguments: [...], return: 'type' })"],
  ['null', "'void'"],
  ['undefined', "'void'"],
]);

/** What to write for a word of another language; undefined when the word is not known. */
export function translate(word: string): string | undefined {
  return FOREIGN_NAMES.get(word.toLowerCase().replace(/\s*\*/g, '*').trim());
}
