/**
 * Strings of the form. Latin-1 where all characters allow it; otherwise UTF-16, in which lone surrogates survive. Short
 * strings are written and read by JavaScript, because a call of a Buffer's function takes longer than they do.
 */
import { Disorder } from '../messages/disorder.js';
import { Tag } from './value-form.js';

const SHORT_WRITE = 40;
const SHORT_READ = 12;
const BEYOND_LATIN1 = /[^\0-\xff]/;
const code = String.fromCharCode;

/** Bytes that a string takes at most. */
export function textRoom(length: number): number {
  return 16 + 2 * length;
}

/**
 * Writes a string with its cell.
 * @param at byte offset, with room for {@link textRoom}.
 * @returns the offset behind it.
 */
export function writeText(i32: Int32Array, bytes: Buffer, at: number, text: string): number {
  const { length } = text;
  const start = at + 8;
  i32[(at >> 2) + 1] = length;
  if (length <= SHORT_WRITE ? writeShort(bytes, start, text) : writeLong(bytes, start, text)) {
    i32[at >> 2] = Tag.LATIN1;
    return start + ((length + 7) & ~7);
  }
  i32[at >> 2] = Tag.UTF16;
  bytes.write(text, start, 2 * length, 'utf16le');
  return start + ((2 * length + 7) & ~7);
}

/** @returns whether all characters are Latin-1; otherwise what was written is of no use. */
function writeShort(bytes: Buffer, start: number, text: string): boolean {
  let all = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    all |= unit;
    bytes[start + i] = unit;
  }
  return all <= 0xff;
}

function writeLong(bytes: Buffer, start: number, text: string): boolean {
  // V8 knows without looking at them that this matches no string of bytes: a look at each takes ten times as long.
  if (BEYOND_LATIN1.test(text)) return false;
  bytes.write(text, start, text.length, 'latin1');
  return true;
}

/**
 * Reads the characters of a string.
 * @param at byte offset of the characters. @param end of what may be read.
 */
export function readText(bytes: Buffer, tag: number, length: number, at: number, end: number): string {
  const size = tag === Tag.UTF16 ? 2 * length : length;
  if (length < 0 || size > end - at) throw new Disorder('the length of a string');
  if (tag === Tag.UTF16) return bytes.toString('utf16le', at, at + size);
  if (length > SHORT_READ) return bytes.toString('latin1', at, at + size);
  // A concatenation of up to 12 characters is one flat string, not a pair.
  return length > 8
    ? readShort(bytes, at, 8) + readShort(bytes, at + 8, length - 8)
    : readShort(bytes, at, length);
}

function readShort(bytes: Buffer, at: number, length: number): string {
  const a = bytes[at] as number;
  if (length === 1) return code(a);
  const b = bytes[at + 1] as number;
  if (length === 2) return code(a, b);
  const c = bytes[at + 2] as number;
  if (length === 3) return code(a, b, c);
  const d = bytes[at + 3] as number;
  if (length === 4) return code(a, b, c, d);
  if (length === 0) return '';
  const e = bytes[at + 4] as number;
  if (length === 5) return code(a, b, c, d, e);
  const f = bytes[at + 5] as number;
  if (length === 6) return code(a, b, c, d, e, f);
  const g = bytes[at + 6] as number;
  if (length === 7) return code(a, b, c, d, e, f, g);
  return code(a, b, c, d, e, f, g, bytes[at + 7] as number);
}
