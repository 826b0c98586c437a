/** The types of C as far as prototypes have them, and the words of the declaration language that they become. */

/** A type of C. */
export type CType =
  | { readonly kind: 'scalar'; readonly word: ScalarWord }
  | { readonly kind: 'void' }
  /** A struct or union. */
  | {
      readonly kind: 'record';
      /** As C names it: `struct point`; by its typedef where it has no tag. */
      readonly name: string;
      /** What its definition is found by: the tag, or the place of a body without one. */
      readonly key: string;
    }
  /** A name that is no type of C: a typedef of some header. */
  | { readonly kind: 'unknown'; readonly name: string }
  | {
      readonly kind: 'pointer';
      readonly to: CType /** Whether what it points to is const. */;
      readonly constant: boolean;
      /** Whether it is a parameter that was written as an array without a length: `p[]`. */
      readonly many?: true;
    }
  | {
      readonly kind: 'array';
      readonly of: CType;
      readonly constant: boolean;
      /** What is between the brackets: empty where there is nothing. */
      readonly length: Extent;
    }
  | FunctionType;

/** Text with its place. */
export interface Extent {
  readonly text: string;
  /** Index of the bracket before it. */
  readonly at: number;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly returns: CType;
  readonly parameters: readonly Parameter[];
  /** Whether `...` ends the parameters. */
  readonly variadic: boolean;
}

export interface Parameter {
  /** Empty where the prototype leaves it out. */
  readonly name: string;
  readonly type: CType;
  /** Index of its first character in the prototype. */
  readonly at: number;
}

/** Words of the declaration language for scalars, as prototypes use them. */
export type ScalarWord =
  | (typeof BASIC_TYPES)[keyof typeof BASIC_TYPES]
  | (typeof STANDARD_TYPES)[keyof typeof STANDARD_TYPES];

/**
 * Types that are written with keywords, each in one order of its keywords. On Windows a `long` has 32 bits; offthread
 * does not run there.
 */
export const BASIC_TYPES = {
  bool: 'bool',
  _Bool: 'bool',
  char: 'char',
  'signed char': 'i8',
  'unsigned char': 'u8',
  short: 'i16',
  'unsigned short': 'u16',
  int: 'i32',
  'unsigned int': 'u32',
  long: 'i64',
  'unsigned long': 'u64',
  'long long': 'i64',
  'unsigned long long': 'u64',
  float: 'f32',
  double: 'f64',
} as const;

/** Typedefs of the C standard and POSIX, on 64-bit Linux and macOS. A test compares them with the compiler's. */
export const STANDARD_TYPES = {
  int8_t: 'i8',
  uint8_t: 'u8',
  int16_t: 'i16',
  uint16_t: 'u16',
  int32_t: 'i32',
  uint32_t: 'u32',
  int64_t: 'i64',
  uint64_t: 'u64',
  intmax_t: 'i64',
  uintmax_t: 'u64',
  intptr_t: 'i64',
  uintptr_t: 'u64',
  ptrdiff_t: 'i64',
  size_t: 'size',
  ssize_t: 'i64',
  char16_t: 'u16',
  char32_t: 'u32',
  off_t: 'i64',
  time_t: 'i64',
  clock_t: 'i64',
  pid_t: 'i32',
  uid_t: 'u32',
  gid_t: 'u32',
  socklen_t: 'u32',
  useconds_t: 'u32',
} as const;

/** Words that a declaration may have beside its type, and that say nothing about the call. */
export const IGNORED_WORDS: ReadonlySet<string> = new Set([
  'volatile',
  'restrict',
  '__restrict',
  '__restrict__',
  '__volatile__',
  '_Atomic',
  'extern',
  'static',
  'inline',
  '__inline',
  '__inline__',
  'register',
  '_Noreturn',
  'noreturn',
  '__extension__',
  '__cdecl',
]);
