/**
 * Space for payloads: a ring of bytes, allocated and freed in the order of the rows. Only the host allocates; a payload
 * never wraps.
 */

import { Math } from '../../builtins.js';

const ALIGN = 16;

export class Arena {
  readonly #start: number;
  readonly #bytes: number;
  /** Positions that only grow, exact up to 2^53 bytes. */
  #allocated = 0;
  #freed = 0;
  /** `#allocated % #bytes`, kept because a division would cost more than the rest of an allocation. */
  #offset = 0;
  /** The positions and the offset before the last allocation. */
  #allocatedBefore = 0;
  #freedBefore = 0;
  #offsetBefore = 0;

  /** @param start byte offset of the arena. @param bytes its size, a multiple of 16. */
  constructor(start: number, bytes: number) {
    this.#start = start;
    this.#bytes = bytes;
  }

  /** The largest payload worth placing here: a quarter, so that one call cannot fill it. */
  get largest(): number {
    return this.#bytes / 4;
  }

  /** Position to give back to `free` for everything allocated so far. */
  get mark(): number {
    return this.#allocated;
  }

  /** @returns byte offset of the space, or -1 if there is no room now. */
  allocate(bytes: number): number {
    const size = Math.ceil(bytes / ALIGN) * ALIGN;
    const room = this.#bytes;
    let at = this.#allocated;
    let freed = this.#freed;
    let offset = this.#offset;
    // The arena is empty: start at the beginning, otherwise a large payload might fit at neither end.
    if (at === freed && offset > 0) freed = at + room - offset;
    if (offset + size > room || freed > at) {
      at += room - offset;
      offset = 0;
    }
    if (at + size - freed > room) return -1;
    this.#allocatedBefore = this.#allocated;
    this.#freedBefore = this.#freed;
    this.#offsetBefore = this.#offset;
    this.#allocated = at + size;
    this.#freed = freed;
    this.#offset = offset + size === room ? 0 : offset + size;
    return this.#start + offset;
  }

  /** Undoes the last allocation. Nothing may have been freed since. */
  undo(): void {
    this.#allocated = this.#allocatedBefore;
    this.#freed = this.#freedBefore;
    this.#offset = this.#offsetBefore;
  }

  /** Frees everything up to a mark. */
  free(mark: number): void {
    this.#freed = mark;
  }
}
