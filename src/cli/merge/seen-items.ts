/** Which items have been seen, in any order: one bit for each. */
import { type Range, rangesOf } from '../batch/state/ended-items.js';

const FIRST_BYTES = 4_096;

export class SeenItems {
  #bits = new Uint8Array(FIRST_BYTES);
  #end = 0;
  #twice = 0;

  /** One more than the highest index. */
  get end(): number {
    return this.#end;
  }

  /** How often an item was seen again. */
  get twice(): number {
    return this.#twice;
  }

  /** @returns whether the item is seen for the first time. */
  add(index: number): boolean {
    const at = Math.floor(index / 8);
    if (at >= this.#bits.length) {
      const bits = new Uint8Array(Math.max(this.#bits.length * 2, at + 1));
      bits.set(this.#bits);
      this.#bits = bits;
    }
    const bit = 1 << (index % 8);
    if (index >= this.#end) this.#end = index + 1;
    if (((this.#bits[at] as number) & bit) !== 0) {
      this.#twice += 1;
      return false;
    }
    this.#bits[at] = (this.#bits[at] as number) | bit;
    return true;
  }

  has(index: number): boolean {
    return (((this.#bits[Math.floor(index / 8)] ?? 0) >> (index % 8)) & 1) === 1;
  }

  /** The items before `end` that have not been seen. */
  missing(end: number): Range[] {
    return rangesOf(this.#missing(end));
  }

  *#missing(end: number): Generator<number, void> {
    for (let index = 0; index < end; index += 1) if (!this.has(index)) yield index;
  }
}
