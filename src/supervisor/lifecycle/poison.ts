/**
 * Calls that crash lanes: how many each function has crashed with the same
 * arguments, so that such a call can be refused instead of run once more.
 *
 * Two sets of arguments are the same when native code would see the same:
 * numbers by their bits (0 and -0 differ, every NaN is one), strings and bytes
 * by their content, whatever kind of view they are. Functions and persistent
 * callbacks are the same only as themselves. Live (shared) memory counts as
 * what it holds at the moment.
 *
 * Guarantees:
 * - At most {@link MOST_SETS} sets are kept, as hashes; the one whose latest
 *   crash is longest ago goes first. No argument is kept.
 * - A function that has crashed nothing costs one look-up in a map.
 */
import { type Hash, createHash } from 'node:crypto';
import { bytesOf, bytesState } from '../../declare/values/bytes.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';

const MOST_SETS = 1_000;
/** UTF-16 units of a string that are turned into bytes at once. */
const TEXT_PIECE = 65_536;
/** Bytes hashed at once: Node.js refuses 2^31. */
const BYTES_PIECE = 2 ** 30;

/** One function with one set of arguments. */
interface Kills {
  readonly fn: number;
  count: number;
}

export class Poison {
  readonly #maxKills: number;
  /** By {@link Poison.#keyOf}; the latest crash last. */
  readonly #sets = new Map<string, Kills>();
  /** Sets that are kept of a function, by its number. */
  readonly #functions = new Map<number, number>();
  readonly #ids = new WeakMap<object, number>();
  #lastId = 0;

  /** @param maxKills lanes that a set may crash before it is refused; 0 is unlimited. */
  constructor(maxKills: number) {
    this.#maxKills = maxKills;
  }

  /** A call has crashed a lane. @returns how many its function has crashed with these arguments. */
  killed(fn: DeclaredFunction, args: readonly unknown[]): number {
    const key = this.#keyOf(fn, args);
    const kills = this.#sets.get(key) ?? { fn: fn.number, count: 0 };
    kills.count += 1;
    if (!this.#sets.delete(key)) this.#count(fn.number, 1);
    this.#sets.set(key, kills);
    if (this.#sets.size > MOST_SETS) this.#dropOldest();
    return kills.count;
  }

  /** Whether the call has crashed as many lanes as it may. */
  refuses(fn: DeclaredFunction, args: readonly unknown[]): boolean {
    if (this.#maxKills === 0 || !this.#functions.has(fn.number)) return false;
    const kills = this.#sets.get(this.#keyOf(fn, args));
    return kills !== undefined && kills.count >= this.#maxKills;
  }

  #dropOldest(): void {
    for (const [key, { fn }] of this.#sets) {
      this.#sets.delete(key);
      this.#count(fn, -1);
      return;
    }
  }

  #count(fn: number, change: 1 | -1): void {
    const sets = (this.#functions.get(fn) ?? 0) + change;
    if (sets === 0) this.#functions.delete(fn);
    else this.#functions.set(fn, sets);
  }

  #keyOf(fn: DeclaredFunction, args: readonly unknown[]): string {
    const hash = createHash('sha256');
    for (const value of args) this.#hash(hash, value);
    return `${fn.number} ${hash.digest('base64')}`;
  }

  /** Each value says its type, and its length where it has one: so none passes for another, or for two. */
  #hash(hash: Hash, value: unknown): void {
    switch (typeof value) {
      case 'number':
        return hashNumber(hash, 'number', Number.isNaN(value) ? NaN : value);
      case 'bigint':
        return hashText(hash, 'bigint', value.toString(16));
      case 'string':
        return hashText(hash, 'string', value);
      case 'boolean':
        return hashNumber(hash, 'boolean', value ? 1 : 0);
      case 'function':
        return hashNumber(hash, 'object', this.#idOf(value));
      case 'object':
        if (value === null) return hashNumber(hash, 'null', 0);
        switch (bytesState(value)) {
          case 'bytes':
            return hashBytes(hash, bytesOf(value));
          case 'unusable':
            return hashNumber(hash, 'detached', 0);
          default:
            return hashNumber(hash, 'object', this.#idOf(value));
        }
      default:
        // No type of a declaration takes it.
        return hashNumber(hash, 'other', 0);
    }
  }

  #idOf(value: object): number {
    let id = this.#ids.get(value);
    if (id === undefined) {
      this.#lastId += 1;
      id = this.#lastId;
      this.#ids.set(value, id);
    }
    return id;
  }
}

const TAGS = {
  number: 0,
  bigint: 1,
  string: 2,
  boolean: 3,
  object: 4,
  null: 5,
  detached: 6,
  bytes: 7,
  other: 8,
};
type Tag = keyof typeof TAGS;

/** A tag and a number: a value, or a length. */
const cell = new DataView(new ArrayBuffer(9));

function hashNumber(hash: Hash, tag: Tag, value: number): void {
  cell.setUint8(0, TAGS[tag]);
  cell.setFloat64(1, value);
  hash.update(cell);
}

/** In UTF-16: UTF-8 makes one of all lone surrogates. */
function hashText(hash: Hash, tag: Tag, text: string): void {
  hashNumber(hash, tag, text.length);
  for (let at = 0; at < text.length; at += TEXT_PIECE) {
    hash.update(text.slice(at, at + TEXT_PIECE), 'utf16le');
  }
}

function hashBytes(hash: Hash, bytes: Uint8Array): void {
  hashNumber(hash, 'bytes', bytes.length);
  for (let at = 0; at < bytes.length; at += BYTES_PIECE) hash.update(bytes.subarray(at, at + BYTES_PIECE));
}
