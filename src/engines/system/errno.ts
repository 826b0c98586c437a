/**
 * errno of this thread, as memory.
 *
 * Its address is fixed for a thread's life, so a view over it makes clearing and reading it a plain store and load. It
 * is cleared before each call that asks for it: native code sets errno only on failure, and a stale value must not be
 * taken for that of this call.
 *
 * Reading it after the call is sound, because no code of offthread runs between the native return and the load, and the
 * engine (which converts a number) makes no system call that could fail.
 */

import type { NativeFunction } from '../engine.js';

/** The C function that returns errno's address: glibc and musl have one name, macOS another. */
export const ERRNO_LOCATION: string = process.platform === 'darwin' ? '__error' : '__errno_location';

export class Errno {
  /** errno itself: `cell[0]`. */
  readonly cell: Int32Array;
  /** errno directly after the last call that asked for it. */
  last = 0;

  /** @param memory - the four bytes of errno, not a copy. */
  constructor(memory: ArrayBufferLike, offset = 0) {
    this.cell = new Int32Array(memory, offset, 1);
  }

  /** Wraps a bound function so that `last` is set by each call of it. */
  around(native: NativeFunction): NativeFunction {
    const { cell } = this;
    return (...values) => {
      cell[0] = 0;
      const result = native(...values);
      this.last = cell[0];
      return result;
    };
  }
}
