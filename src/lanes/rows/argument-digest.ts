/**
 * The arguments of a call as a short text, for the LaneCrashedError: `(3, 'abc', <5 bytes: 68 65 6c 6c 6f>)`.
 *
 * Guarantees:
 * - At most 200 characters, on one line, for any values. Never throws.
 * - At most {@link LONGEST} characters or {@link BYTES} bytes of a value are read, and no code of the value runs: no
 *   getter, no `toString`, no proxy.
 * - The text keeps no part of a value in memory: a slice of a string would keep the whole string while the error is
 *   referenced.
 */
import { types } from 'node:util';
import { bytesOf, bytesState } from '../../declare/values/bytes.js';
import { isPersistent } from '../../declare/language/persistent.js';
import type { Redact } from '../../options/pool-options.js';

/** Characters for the arguments; the rest of 200 is for the parentheses and the number of omitted arguments. */
const ROOM = 174;
/** Characters of one value. */
const LONGEST = 80;
/** Bytes shown of a buffer. */
const BYTES = 16;
/** Larger bigints are not written out: that takes quadratic time, and no native type holds them. */
const GREATEST = 2n ** 128n;
/**
 * Characters that are shown unchanged: others could break the line, be invisible, or change the direction of the text.
 */
const PLAIN = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/**
 * The digest of a call's arguments.
 * @param symbol name of the native function, for `redact`.
 * @param redact a function that throws, or does not return a string, counts as `true` for that value.
 */
export function digestArguments(symbol: string, args: readonly unknown[], redact: Redact): string {
  const texts: string[] = [];
  let left = ROOM;
  for (let index = 0; index < args.length; index += 1) {
    const value = args[index];
    const told = typeof redact === 'function' ? toldBy(redact, value, index, symbol) : undefined;
    let text = told ?? safely(redact === false ? shown : outlined, value);
    // Two long texts must not displace the arguments after them.
    if (text.length > left && redact === false) text = safely(outlined, value);
    if (text.length > left) {
      texts.push(`… ${grouped(args.length - index)} more`);
      break;
    }
    texts.push(text);
    left -= text.length + 2;
  }
  return `(${texts.join(', ')})`;
}

/** The text of the `redact` function for a value; undefined if it returns none. */
function toldBy(
  redact: Exclude<Redact, boolean>,
  value: unknown,
  index: number,
  symbol: string,
): string | undefined {
  try {
    const told: unknown = redact(value, index, symbol);
    if (typeof told !== 'string') return undefined;
    const { text, whole } = line(told, LONGEST);
    return whole ? text : `${text}…`;
  } catch {
    return undefined;
  }
}

/** Never throws, although reading the `fn` of a persistent callback may throw if it was redefined. */
function safely(text: (value: unknown) => string, value: unknown): string {
  try {
    return text(value);
  } catch {
    return '<unreadable>';
  }
}

/** The value as it is. */
function shown(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const { text, whole } = line(value, LONGEST, "'");
      return whole ? `'${text}'` : `'${text}…' ${outlined(value)}`;
    }
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return value > GREATEST || value < -GREATEST ? '<bigint of more than 128 bits>' : `${value}n`;
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'function':
      return `<function${nameOf(value)}>`;
    case 'object':
      if (value === null) return 'null';
      if (isPersistent(value)) return `<persistent function${nameOf(value.fn)}>`;
      return bytesState(value) === 'bytes' ? shownBytes(bytesOf(value)) : outlined(value);
    default:
      return outlined(value);
  }
}

/** The type of the value, and its size if it has one. */
function outlined(value: unknown): string {
  if (typeof value === 'string') return `<string of ${grouped(value.length)}>`;
  if (typeof value !== 'object') return `<${typeof value}>`;
  if (value === null) return '<null>';
  if (isPersistent(value)) return '<persistent function>';
  switch (bytesState(value)) {
    case 'bytes':
      return `<${sizeOf(bytesOf(value))}>`;
    case 'unusable':
      return '<detached bytes>';
    default:
      return '<object>';
  }
}

function shownBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return `<${sizeOf(bytes)}>`;
  const digits = Array.from(bytes.subarray(0, BYTES), (byte) => byte.toString(16).padStart(2, '0'));
  return `<${sizeOf(bytes)}: ${digits.join(' ')}${bytes.length > BYTES ? ' …' : ''}>`;
}

const sizeOf = ({ length }: Uint8Array): string => (length === 1 ? '1 byte' : `${grouped(length)} bytes`);

/** ` name`, or nothing: the property can be an accessor, or have a value of any type. */
function nameOf(fn: object): string {
  if (types.isProxy(fn)) return '';
  const name: unknown = Object.getOwnPropertyDescriptor(fn, 'name')?.value;
  if (typeof name !== 'string' || name === '') return '';
  const { text, whole } = line(name, LONGEST / 2);
  return ` ${text}${whole ? '' : '…'}`;
}

/**
 * As much of a text as fits, on one line.
 * @param quote the quotation mark around the text, which is escaped in it, as is the backslash.
 */
function line(text: string, most: number, quote = ''): { readonly text: string; readonly whole: boolean } {
  const parts: string[] = [];
  let left = most;
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) as number;
    const character = String.fromCodePoint(code);
    const part =
      quote !== '' && (character === quote || character === '\\')
        ? `\\${character}`
        : PLAIN.test(character)
          ? character
          : escaped(character, code);
    if (part.length > left) break;
    parts.push(part);
    left -= part.length;
    at += character.length;
  }
  return { text: parts.join(''), whole: at >= text.length };
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string, code: number): string => SHORT[character] ?? `\\u{${code.toString(16)}}`;

/** A count with commas between the thousands. */
const grouped = (count: number): string => String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
