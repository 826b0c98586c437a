/** The place a declaration error is about, and the error it makes. */
import { DeclarationError } from '../../errors.js';
import { show, showName } from '../values/show.js';
import { snapshotArray, snapshotObject, Unreadable, type Snapshot } from './read-once.js';
import { didYouMean } from './suggest.js';

/** Names the library, and the function where one is concerned; every error of a declaration is made here. */
export class Place {
  readonly library: string;
  readonly name: string | undefined;

  constructor(library: string, name?: string) {
    this.library = library;
    this.name = name;
  }

  /** @param what - what is wrong and what is allowed: whole sentences. */
  problem(what: string, cause?: unknown): DeclarationError {
    const where = showName(this.library) + (this.name === undefined ? '' : `, ${showName(this.name)}`);
    return new DeclarationError(`Declaration of ${where}: ${what}`, { symbol: this.name, cause });
  }

  /**
   * Copies an object.
   * @param keys - the keys it may have; undefined for any.
   * @param expected - what should have been there, for the message.
   */
  object(value: unknown, label: string, keys: readonly string[] | null, expected: string): Snapshot {
    const copy = snapshotObject(value);
    if (copy instanceof Unreadable) throw this.unreadable(label, copy);
    if (copy === undefined) throw this.problem(`${label} is ${show(value)}. Expected ${expected}.`);
    if (keys !== null) this.onlyKeys(copy, label, keys);
    return copy;
  }

  /** Checks that a copied object has no other keys. */
  onlyKeys(copy: Snapshot, label: string, keys: readonly string[]): void {
    for (const key of copy.keys()) {
      if (!keys.includes(key)) {
        const known = keys.map((known) => `'${known}'`).join(', ');
        throw this.problem(`${label} has an unknown key ${show(key)}.${hint(key, keys)} Allowed: ${known}.`);
      }
    }
  }

  /** Copies an array of at most `limit` entries. */
  array(value: unknown, label: string, limit: number, expected: string): readonly unknown[] {
    const copy = snapshotArray(value, limit);
    if (copy instanceof Unreadable) throw this.unreadable(label, copy);
    if (copy === undefined) throw this.problem(`${label} is ${show(value)}. Expected ${expected}.`);
    if (typeof copy === 'object') return copy;
    throw this.problem(`${label} has ${show(copy)} entries. The limit is ${limit}.`);
  }

  /** A name that a library can have for a function. */
  symbol(value: unknown, label: string): string {
    if (typeof value !== 'string' || value === '' || value.includes('\0') || !value.isWellFormed()) {
      throw this.problem(
        `${label} is ${show(value)}. Expected the name of a function in the library: a non-empty string without NUL.`,
      );
    }
    return value;
  }

  private unreadable(label: string, failure: Unreadable): DeclarationError {
    return this.problem(
      `${label} could not be read: a getter or proxy in it threw ${show(failure.cause)}. Pass a plain object.`,
      failure.cause,
    );
  }
}

/** Words of other FFI libraries for the keys of a declaration. */
const KEY_HINTS: ReadonlyMap<string, string> = new Map([
  ['args', 'arguments'],
  ['parameters', 'arguments'],
  ['params', 'arguments'],
  ['argTypes', 'arguments'],
  ['paramsType', 'arguments'],
  ['result', 'return'],
  ['returns', 'return'],
  ['retType', 'return'],
  ['returnType', 'return'],
  ['name', 'symbol'],
]);

function hint(key: string, keys: readonly string[]): string {
  const known = KEY_HINTS.get(key);
  return known !== undefined && keys.includes(known) ? ` Did you mean '${known}'?` : didYouMean(key, keys);
}
