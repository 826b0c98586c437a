/**
 * A 64-bit key of the arguments of an item: a resumed run compares the items of the input with those that were done. It
 * finds changes, and is no protection against someone who looks for two items with the same key.
 */
import { createHash } from 'node:crypto';
import { Unusable } from '../input/item-arguments.js';

/** Bytes of a key. */
export const KEY_BYTES = 8;

/** Bytes from which a digest in native code is faster. */
const LARGE = 128;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** Two 32-bit states, mixed as MurmurHash3 does. Always integers of 32 bits: a larger number would be allocated. */
let a = 0;
let b = 0;

function mix(word: number): void {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  a ^= Math.imul(k, 0x1b873593);
  a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
  b = Math.imul(b ^ word, 0x85ebca6b);
  b = (((b << 11) | (b >>> 21)) + 0x38495ab5 + a) | 0;
}

function mixText(text: string): void {
  mix(text.length);
  for (let at = 0; at < text.length; at += 1) mix(text.charCodeAt(at));
}

function mixBytes(bytes: Uint8Array): void {
  mix(bytes.length);
  if (bytes.length <= LARGE) for (const byte of bytes) mix(byte);
  else mixText(createHash('sha256').update(bytes).digest('base64'));
}

function mixValue(value: unknown): void {
  if (typeof value === 'number') {
    double[0] = value;
    mix(words[0] as number);
    mix(words[1] as number);
  } else if (typeof value === 'string') {
    mix(1);
    mixText(value);
  } else if (value instanceof Uint8Array) {
    mix(2);
    mixBytes(value);
  } else {
    mix(3);
    mixText(typeof value === 'bigint' ? `${value}n` : JSON.stringify(value, withBigints));
  }
}

/** Fields of structs. */
function withBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function last(state: number): number {
  let h = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Writes the key of an item's arguments. @param unread the text of an item that cannot be read. */
export function writeKey(
  keys: Uint32Array,
  at: number,
  args: readonly unknown[] | Unusable,
  unread: string,
): void {
  a = 0x9747b28c | 0;
  b = 0x2f1a5c3d;
  if (args instanceof Unusable) {
    mix(4);
    mixText(unread);
  } else {
    mix(args.length);
    for (const value of args) mixValue(value);
  }
  keys[at] = last(a);
  keys[at + 1] = last(b);
}
