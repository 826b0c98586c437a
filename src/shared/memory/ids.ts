/**
 * Call ids: unique, lock-free, from a counter that any thread may take from.
 *
 * The counter is one 32-bit word in shared memory that hands out blocks of
 * 2^20 ids; a thread numbers its own calls within its block. One `Atomics.add`
 * in a million calls, and ids stay exact integers in a JavaScript number:
 * 2^32 blocks of 2^20 ids are 2^52, so an id is correct far past the 32-bit
 * wrap (71 years at two million calls a second).
 */

import { Atomics } from '../../builtins.js';

const BLOCK_BITS = 20;
const BLOCK_SIZE = 2 ** BLOCK_BITS;
/** Ids after which the counter starts again: 2^52. */
export const ID_SPACE: number = 2 ** (32 + BLOCK_BITS);

/** Takes ids out of a shared counter, for one thread. */
export class IdSource {
  readonly #blocks: Int32Array;
  #next = 0;
  #end = 0;

  /** @param counter a view of one Int32 word over a SharedArrayBuffer, shared by all takers. */
  constructor(counter: Int32Array = new Int32Array(new SharedArrayBuffer(4))) {
    this.#blocks = counter;
  }

  /** The next id: an integer from 1 to 2^52 that no other taker gets. */
  take(): number {
    if (this.#next === this.#end) {
      this.#next = (Atomics.add(this.#blocks, 0, 1) >>> 0) * BLOCK_SIZE;
      this.#end = this.#next + BLOCK_SIZE;
    }
    this.#next += 1;
    return this.#next;
  }
}
