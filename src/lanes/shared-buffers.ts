/**
 * Shared memory for bytes too large for the arena, used again and again.
 *
 * A SharedArrayBuffer is freed only when every thread that has seen it has
 * collected its garbage, which a lane hardly ever does: without reuse, memory
 * grows with the number of calls. Sizes are powers of two; what is given back
 * is kept up to a bound.
 *
 * Guarantee: memory is given out again only after `give`, which the ring calls
 * once the lane has moved past the call. A lane that is given up never does.
 */

/** Smallest and largest size that is kept, in bytes. */
const LEAST = 8_192;
const MOST = 16 * 1024 * 1024;
/** Bytes kept at most, for one lane. */
const KEPT = 32 * 1024 * 1024;

export class SharedBuffers {
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  /** Those given out by this: others are the callers' own. */
  readonly #own = new WeakSet<SharedArrayBuffer>();
  #kept = 0;

  /** @returns so many bytes of shared memory, of any content. */
  take(bytes: number): Uint8Array {
    if (bytes > MOST) return new Uint8Array(new SharedArrayBuffer(bytes));
    const size = Math.max(LEAST, 2 ** Math.ceil(Math.log2(bytes)));
    let buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) {
      buffer = new SharedArrayBuffer(size);
      this.#own.add(buffer);
    } else this.#kept -= size;
    return new Uint8Array(buffer, 0, bytes);
  }

  /** Nobody uses those bytes any more. Views that did not come from here are left alone. */
  give(view: Uint8Array): void {
    const buffer = view.buffer as SharedArrayBuffer;
    const size = buffer.byteLength;
    if (!this.#own.has(buffer) || this.#kept + size > KEPT) return;
    this.#kept += size;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
  }
}
