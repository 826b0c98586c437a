/** Arrays of strings, as callers give them. */
import { ArgumentError } from '../../errors.js';
import { isAddress } from './bytes.js';

/** A string that is the same after its way to UTF-8 and back, and whose end is its first NUL. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}

/**
 * Whether a value can be passed as an array of strings: an array, null for NULL, or an address. Never throws.
 * @param nulls whether an entry may be null. In a list that a NULL ends, it would be the end.
 */
export function isTextList(value: unknown, nulls: boolean): boolean {
  return isAddress(value) || misfitOfTexts(value, nulls) === null;
}

/** @returns the index of the first entry that does not fit; -1 if the value is not an array; null if all fit. Never throws. */
export function misfitOfTexts(value: unknown, nulls: boolean): number | null {
  let at = 0;
  try {
    if (!Array.isArray(value)) return -1;
    for (; at < value.length; at += 1) {
      const entry: unknown = value[at];
      if (!isText(entry) && !(nulls && entry === null)) return at;
    }
    return null;
  } catch {
    // A getter or a proxy.
    return at;
  }
}

/** A copy of the strings; the value itself if it is no array that can be read. Never throws. */
export function copyOfTexts(value: unknown): unknown {
  try {
    return Array.isArray(value) ? Array.from<unknown>(value) : value;
  } catch {
    return value;
  }
}

/** Entries behind the number of strings: their addresses, and NULL. */
const WORDS_BESIDE = 2;

/**
 * The strings in memory: their number, their addresses, a NULL, and then the strings themselves.
 *
 *   | n | address … | NULL | string, NUL | …
 *       └ what native code is given
 */
export class TextBlock {
  /** Bytes of the block. */
  readonly bytes: number;
  /** Bytes from the block's start to what native code is given. */
  static readonly LIST = 8;
  readonly #texts: readonly (string | null)[];

  /** @throws ArgumentError if the array has changed since it was checked. */
  constructor(value: readonly unknown[], nulls: boolean) {
    const texts = copyOfTexts(value);
    if (misfitOfTexts(texts, nulls) !== null) {
      throw new ArgumentError('An array of strings was changed before the call could start.');
    }
    this.#texts = texts as (string | null)[];
    this.bytes = this.#texts.reduce(
      (sum, text) => (text === null ? sum : sum + Buffer.byteLength(text, 'utf8') + 1),
      (this.#texts.length + WORDS_BESIDE) * 8,
    );
  }

  /**
   * Writes the block.
   * @param memory its bytes, of the length {@link bytes}.
   * @param base the address of its first byte; 0 where the lane alone knows it, and adds it.
   */
  write(memory: Buffer, base: number): void {
    const texts = this.#texts;
    const word = (index: number, value: number): void =>
      void memory.writeBigUInt64LE(BigInt(value), index * 8);
    word(0, texts.length);
    let at = (texts.length + WORDS_BESIDE) * 8;
    texts.forEach((text, index) => {
      word(index + 1, text === null ? 0 : base + at);
      if (text === null) return;
      at += memory.write(text, at, 'utf8');
      memory[at] = 0;
      at += 1;
    });
    word(texts.length + 1, 0);
  }
}
