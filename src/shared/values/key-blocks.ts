/**
 * The keys of objects, as blocks of the form. Objects of one kind have the same keys in the same order, so both sides
 * remember blocks: the encoder copies one, the decoder compares one, and nobody builds strings.
 *
 * A block is remembered by its contents alone: neither side relies on what the other remembers.
 */
import { Math } from '../../builtins.js';
import { Disorder } from '../messages/disorder.js';
import { readText, textRoom, writeText } from './form-text.js';
import { KeyBlock, Limits, Tag } from './value-form.js';

/** The keys of objects of one kind. */
export interface Keys {
  readonly keys: readonly string[];
  /** Whether an object without one of these keys could inherit it, and an assignment meet what is inherited. */
  readonly inherited: boolean;
  /** The key block. */
  readonly words: Int32Array;
}

/** Blocks that either side remembers. */
const REMEMBERED = 256;
/** And of those with the same first key, because they are compared one after the other. */
const ALIKE = 8;

/** Makes key blocks. */
export class KeyBlocks {
  /** By their first key. */
  readonly #blocks = new Map<string, Keys[]>();
  #count = 0;

  /** The block of these keys; null if they take more than the form allows. @param keys one or more. */
  of(keys: readonly string[]): Keys | null {
    const first = keys[0] as string;
    let alike = this.#blocks.get(first);
    if (alike !== undefined)
      for (let i = 0; i < alike.length; i++) {
        const known = alike[i] as Keys;
        if (same(known.keys, keys)) return known;
      }
    const made = blockOf(keys);
    if (made === null) return null;
    if (this.#count === REMEMBERED) {
      this.#blocks.clear();
      this.#count = 0;
      alike = undefined;
    }
    this.#count += 1;
    if (alike === undefined) this.#blocks.set(first, [made]);
    else if (alike.length < ALIKE) alike.push(made);
    else alike[this.#count % ALIKE] = made;
    return made;
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function blockOf(keys: readonly string[]): Keys | null {
  if (keys.length > Limits.KEYS) return null;
  let room = 8;
  for (const key of keys) room += textRoom(key.length);
  if (room > 2 * Limits.KEY_BYTES) return null;
  const words = new Int32Array((room + 7) >> 2);
  const bytes = Buffer.from(words.buffer);
  let at = 8;
  for (const key of keys) at = writeText(words, bytes, at, key);
  if (at > Limits.KEY_BYTES) return null;
  const block = words.slice(0, at >> 2);
  block[KeyBlock.BYTES] = at - 8;
  block[KeyBlock.HASH] = hashOf(block, KeyBlock.BYTES, block.length);
  return { keys, inherited: keys.some(isInherited), words: block };
}

function isInherited(key: string): boolean {
  return key in Object.prototype;
}

/** A hash of words. It finds what was overwritten by chance; it is no protection against somebody who wants to deceive. */
export function hashOf(i32: Int32Array, from: number, to: number): number {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (i32[i] as number), 0x01000193) ^ (hash >>> 15);
  return hash;
}

/** Blocks that were read, each in the place that its hash says. */
const read: (Keys | undefined)[] = Array.from<undefined>({ length: REMEMBERED }).fill(undefined);

/**
 * Reads a key block.
 * @param at byte offset of the block. @param end of what may be read.
 */
export function readKeys(i32: Int32Array, bytes: Buffer, at: number, end: number, count: number): Keys {
  const start = at >> 2;
  if (at + 8 > end) throw new Disorder('the keys of an object');
  const hash = i32[start + KeyBlock.HASH] as number;
  const known = read[hash & (REMEMBERED - 1)];
  if (known !== undefined && known.keys.length === count && isAt(known.words, i32, start, end >> 2))
    return known;
  const length = i32[start + KeyBlock.BYTES] as number;
  if (length < 0 || (length & 7) !== 0 || at + 8 + length > end || length > Limits.KEY_BYTES)
    throw new Disorder('the keys of an object');
  // A copy first, because the memory can change while it is read.
  const words = i32.slice(start, start + KeyBlock.WORDS + (length >> 2));
  if (hashOf(words, KeyBlock.BYTES, words.length) !== hash) throw new Disorder('the keys of an object');
  const keys = textsIn(words, count);
  return (read[hash & (REMEMBERED - 1)] = { keys, inherited: keys.some(isInherited), words });
}

function isAt(words: Int32Array, i32: Int32Array, start: number, end: number): boolean {
  if (start + words.length > end) return false;
  for (let i = 0; i < words.length; i++) if (i32[start + i] !== words[i]) return false;
  return true;
}

function textsIn(words: Int32Array, count: number): string[] {
  const bytes = Buffer.from(words.buffer);
  const keys: string[] = [];
  let at = 8;
  while (keys.length < count) {
    const tag = words[at >> 2];
    if (at + 8 > bytes.length || (tag !== Tag.LATIN1 && tag !== Tag.UTF16))
      throw new Disorder('a key of an object');
    const length = words[(at >> 2) + 1] as number;
    const key = readText(bytes, tag, length, at + 8, bytes.length);
    // The string that V8 itself uses for this key: faster to look up than an equal one.
    keys.push(Object.keys({ [key]: 0 })[0] as string);
    at += 8 + (((tag === Tag.UTF16 ? 2 * length : length) + 7) & ~7);
  }
  if (at !== bytes.length) throw new Disorder('the keys of an object');
  return keys;
}
