/** The types of C that are written with keywords. */
import { PrototypeProblem, type Token } from './c-tokens.js';
import { BASIC_TYPES, type CType } from './c-types.js';

/** Words of compilers that make another type of the keywords beside them, of which no call passes one. */
const NEVER_PASSED: ReadonlySet<string> = new Set([
  '_Complex',
  '__complex__',
  '__complex',
  '_Imaginary',
  'complex',
  'imaginary',
  '__int128',
  '__int64',
  '__int32',
  '__int16',
  '__int8',
  '_BitInt',
  '_Sat',
  '_Fract',
  '_Accum',
  '__vector',
]);

/** Macros of `<complex.h>`, which are words like others where no floating type is beside them. */
export const COMPLEX: ReadonlySet<string> = new Set(['complex', 'imaginary']);
/** Words that stand for `signed`. */
export const SIGNED: ReadonlySet<string> = new Set(['__signed__', '__signed']);

/** The words that make up such types. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  'signed',
  'unsigned',
  'short',
  'long',
  'int',
  'char',
  'float',
  'double',
  'void',
  'bool',
  '_Bool',
  ...SIGNED,
  ...[...NEVER_PASSED].filter((word) => !COMPLEX.has(word)),
]);

/** The type of keywords such as `unsigned long int`, in any order. */
export function basicType(keywords: readonly string[], start: Token): CType {
  if (keywords.length === 1 && keywords[0] === 'void') return { kind: 'void' };
  const count = (word: string): number => keywords.filter((one) => one === word).length;
  const rest = keywords.filter((word) => !['signed', 'unsigned', 'int', 'short', 'long'].includes(word));
  const size = count('short') > 0 ? ['short'] : Array.from({ length: count('long') }, () => 'long');
  const core = rest.length > 0 ? [...size, ...rest] : size.length > 0 ? size : ['int'];
  const sign =
    count('unsigned') > 0 ? ['unsigned'] : rest[0] === 'char' && count('signed') > 0 ? ['signed'] : [];
  const name = [...sign, ...core].join(' ');
  const fits =
    Object.hasOwn(BASIC_TYPES, name) &&
    count('int') < 2 &&
    count('unsigned') + count('signed') < 2 &&
    count('short') < 2 &&
    !(count('short') > 0 && count('long') > 0) &&
    !(rest.length > 0 && count('int') > 0) &&
    !(rest.length > 0 && rest[0] !== 'char' && count('signed') > 0);
  if (fits) return { kind: 'scalar', word: BASIC_TYPES[name as keyof typeof BASIC_TYPES] };
  const written = keywords.join(' ');
  throw new PrototypeProblem(
    written === 'long double' || rest.some((word) => NEVER_PASSED.has(word))
      ? `A C ${written} cannot be passed. Write a small C function that takes other types, such as a double, and calls this one.`
      : `'${written}' is not a type of C.`,
    start,
  );
}
