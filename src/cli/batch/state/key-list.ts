/** The keys of items that have been read and are not in the journal yet. */
import type { ItemGroup } from '../input/input-items.js';
import { KEY_BYTES, writeKey } from './item-key.js';

const WORDS = KEY_BYTES / Uint32Array.BYTES_PER_ELEMENT;

export class KeyList {
  #parts: Uint32Array[] = [];
  #keyed: number;

  /** @param keyed number of items whose keys are in the journal. */
  constructor(keyed: number) {
    this.#keyed = keyed;
  }

  /** Adds the keys of the items of a group from one place on. */
  add(keys: Uint32Array, from: number): void {
    if (from * WORDS >= keys.length) return;
    this.#parts.push(keys.subarray(from * WORDS));
    this.#keyed += keys.length / WORDS - from;
  }

  /** Takes the keys that were added since the last time. */
  take(): { readonly keyed: number; readonly keys: string } {
    const bytes = this.#parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    this.#parts = [];
    return { keyed: this.#keyed, keys: Buffer.concat(bytes).toString('base64') };
  }
}

/** The keys of the items of a group. */
export function keysOf({ args, records }: ItemGroup): Uint32Array {
  const keys = new Uint32Array(args.length * WORDS);
  for (let at = 0; at < args.length; at += 1) {
    writeKey(keys, at * WORDS, args[at] as unknown[], records[at]?.text ?? '');
  }
  return keys;
}

/** Whether two lists have the same key at their places. */
export function sameKey(keys: Uint32Array, at: number, others: Uint32Array, place: number): boolean {
  for (let word = 0; word < WORDS; word += 1) {
    if (keys[at * WORDS + word] !== others[place * WORDS + word]) return false;
  }
  return true;
}

/** The keys of a record. */
export function keysFrom(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64');
  // A copy, because the bytes of a Buffer may begin anywhere.
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

/** Number of keys in a list. */
export function keyCount(keys: Uint32Array): number {
  return keys.length / WORDS;
}
