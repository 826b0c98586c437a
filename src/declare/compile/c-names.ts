/**
 * What to write in place of a type of C, or of another library: for people who
 * copy a prototype. Nothing here is part of the declaration language.
 */

/** Where the type stands: what can be written differs. */
export type Role =
  | 'argument'
  | 'return'
  | 'out'
  | 'inout'
  | 'field'
  | 'callback argument'
  | 'callback return';

const CALLBACK =
  "Write callback({ arguments: [...], return: 'type' }), or 'pointer' for the address of a native function.";

/** Types of C that hold one value, by their names without `const`, `signed` and the like. */
const VALUES: ReadonlyMap<string, string> = new Map([
  ['int', 'i32'],
  ['int32_t', 'i32'],
  ['signed', 'i32'],
  ['signed int', 'i32'],
  ['pid_t', 'i32'],
  ['wchar_t', 'i32'],
  ['uint', 'u32'],
  ['unsigned', 'u32'],
  ['unsigned int', 'u32'],
  ['uint32_t', 'u32'],
  ['char32_t', 'u32'],
  ['mode_t', 'u32'],
  ['uid_t', 'u32'],
  ['gid_t', 'u32'],
  ['socklen_t', 'u32'],
  ['short', 'i16'],
  ['short int', 'i16'],
  ['signed short', 'i16'],
  ['int16_t', 'i16'],
  ['ushort', 'u16'],
  ['unsigned short', 'u16'],
  ['unsigned short int', 'u16'],
  ['uint16_t', 'u16'],
  ['char16_t', 'u16'],
  ['byte', 'u8'],
  ['uchar', 'u8'],
  ['unsigned char', 'u8'],
  ['uint8_t', 'u8'],
  ['signed char', 'i8'],
  ['int8_t', 'i8'],
  ['char', 'char'],
  ['long long', 'i64'],
  ['long long int', 'i64'],
  ['signed long long', 'i64'],
  ['longlong', 'i64'],
  ['int64_t', 'i64'],
  ['unsigned long long', 'u64'],
  ['unsigned long long int', 'u64'],
  ['ulonglong', 'u64'],
  ['uint64_t', 'u64'],
  ['size_t', 'size'],
  ['usize', 'size'],
  ['uintptr_t', 'u64'],
  ['isize', 'i64'],
  ['ssize_t', 'i64'],
  ['intptr_t', 'i64'],
  ['ptrdiff_t', 'i64'],
  ['time_t', 'i64'],
  ['off_t', 'i64'],
  ['long', 'i64'],
  ['long int', 'i64'],
  ['signed long', 'i64'],
  ['ulong', 'u64'],
  ['unsigned long', 'u64'],
  ['unsigned long int', 'u64'],
  ['boolean', 'bool'],
  ['_bool', 'bool'],
  ['double', 'f64'],
  ['float', 'f32'],
  ['bool', 'bool'],
  ...['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64'].map(
    (name) => [name, name] as const,
  ),
]);

/** Words that are no type of C, and what to write. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['bigint', "Write 'i64' or 'u64'."],
  ['number', "Write 'i32' or 'f64'."],
  ['utf8', "Write 'cstring'."],
  ['uint8array', "Write 'buffer'."],
  ['arraybufferview', "Write 'buffer'."],
  ['function', CALLBACK],
  ['callback', CALLBACK],
  ['chunks', "Write chunks({ arguments: [...], return: 'type' })."],
  ['null', "Write 'void'."],
  ['undefined', "Write 'void'."],
  ['enum', "A C enum is an int: write 'i32'."],
  ['long double', unsupported('A C long double', 'a double')],
  ['__int128', unsupported('A 128-bit integer', 'two 64-bit integers')],
  ['unsigned __int128', unsupported('A 128-bit integer', 'two 64-bit integers')],
  ['va_list', unsupported('A va_list', 'the arguments themselves')],
]);

const STRUCT =
  "Declare it with its fields: struct({ x: 'f64', y: 'f64' }), or union({...}). A pointer to it is pointer(type) where native code only reads it, out(type) or inout(type) where it writes it, or 'pointer' for a handle that the library created.";

/** Sizes of a C long differ between systems. */
const LONG = /^(?:un|)signed long(?: int)?$|^u?long(?: int)?$/;

function unsupported(what: string, instead: string): string {
  return `${what} is not supported: write a small C function that takes ${instead} and calls this one.`;
}

/**
 * What to write in place of a word, as a sentence.
 * @returns undefined for a word that nothing is known of.
 */
export function translate(word: string, role: Role): string | undefined {
  const type = word.toLowerCase();
  if (type.includes('(')) return /\(\s*\*/.test(type) ? CALLBACK : undefined;
  const stars = type.match(/\*|\[[^\]]*\]/g)?.length ?? 0;
  const base = type
    .replaceAll(/\*|\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(?:const|volatile|restrict|__restrict|register|extern|static|inline)\b/g, ' ')
    .trim()
    .replaceAll(/\s+/g, ' ');
  if (!/^[a-z_][\w ]*$/.test(base)) return undefined;
  return stars === 0 ? valueOf(base) : pointerTo(base, stars, role);
}

function valueOf(base: string): string | undefined {
  if (/^(?:struct|union)\b/.test(base)) return STRUCT;
  if (base.startsWith('enum ')) return WORDS.get('enum');
  const known = WORDS.get(base);
  if (known !== undefined) return known;
  const value = VALUES.get(base);
  if (value === undefined) return undefined;
  const windows = LONG.test(base) ? ` (on Windows a C long is '${value === 'i64' ? 'i32' : 'u32'}')` : '';
  return `Write '${value}'${windows}.`;
}

/** @param written - the type that it points to. */
function pointerTo(written: string, stars: number, role: Role): string {
  const base = written.startsWith('enum') ? 'int' : written;
  if (role === 'return' || role.startsWith('callback')) {
    const text = base === 'char' && stars === 1 && role !== 'callback return';
    return text ? "Write 'cstring'." : "Write 'pointer'.";
  }
  if (role === 'out' || role === 'inout') return pointedTo(base, stars, role);
  if (role === 'field') {
    return "Write 'pointer' for an address, or array(type, length) for an array in the struct itself.";
  }
  if (stars > 1) {
    return base === 'char' && stars === 2
      ? "Write out('cstring') for a string that native code returns, 'cstrings' for an array of strings that NULL ends, { cstrings: n } for as many strings as argument n says, or 'pointer' for an address."
      : "Write out('pointer') for an address that native code returns, or 'pointer' for the address of an array.";
  }
  if (base === 'char')
    return "Write 'cstring' for a string, 'buffer' for bytes, or inout('buffer') for bytes that native code changes.";
  if (base === 'void')
    return "Write 'pointer' for a handle or an address, 'buffer' for bytes, or inout('buffer') for bytes that native code changes.";
  const value = VALUES.get(base);
  return value === undefined
    ? "Write 'pointer' for a handle that the library created, pointer(type), out(type) or inout(type) for a struct({...}), 'buffer' for bytes, or inout('buffer') for bytes that native code changes."
    : `Write out('${value}') for one value that native code returns, inout('${value}') for one value that it changes, 'buffer' or inout('buffer') for an array, or 'pointer' for an address.`;
}

/** `out` and `inout` stand for one `*` of the parameter: only the type behind it is written. */
function pointedTo(base: string, stars: number, role: 'out' | 'inout'): string {
  const value = VALUES.get(base);
  if (stars === 1 && base === 'char')
    return role === 'out'
      ? "Write 'cstring'."
      : "Write inout('buffer') for a string that native code changes.";
  if (stars === 1 && value !== undefined)
    return `${role}() already stands for the pointer: write ${role}('${value}') for a parameter of that type.`;
  return `Write ${role}('pointer').`;
}
