/**
 * Memory for copies of bytes, in few sizes, which is used again: fresh memory costs as much as the copy, because the
 * system clears each page when it is first touched.
 *
 * Guarantees:
 * - Memory is used again only after its copy has been released by everyone who held it.
 * - At most `KEPT_BYTES` of free memory are kept, or one piece if it is larger.
 */
import { Math } from '../../builtins.js';
import { CopiedBytes } from '../../declare/values/held-bytes.js';

/** Smallest size, in bytes. */
const LEAST = 8_192;
/** From this size on, there are two sizes for each power of two. */
const LARGE = 16 * 1024 * 1024;
const KEPT_BYTES = 64 * 1024 * 1024;

export class Slabs {
  readonly #free = new Map<number, ArrayBuffer[]>();
  #kept = 0;

  /** @returns bytes with undefined content. */
  take(bytes: number): CopiedBytes {
    const size = sizeFor(bytes);
    let buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) buffer = new ArrayBuffer(size);
    else this.#kept -= size;
    const taken = buffer;
    return new CopiedBytes(new Uint8Array(taken, 0, bytes), () => this.#give(taken));
  }

  copyOf(bytes: Uint8Array): CopiedBytes {
    const copy = this.take(bytes.byteLength);
    copy.bytes.set(bytes);
    return copy;
  }

  #give(buffer: ArrayBuffer): void {
    const size = buffer.byteLength;
    if (this.#kept > 0 && this.#kept + size > KEPT_BYTES) return;
    this.#kept += size;
    const free = this.#free.get(size);
    // The last one first: it is in the caches.
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
  }
}

/** Powers of two; above `LARGE`, also 1.5 times a power of two. Pages that are not touched take no memory. */
function sizeFor(bytes: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, 1)));
  return bytes > LARGE && bytes <= power * 0.75 ? power * 0.75 : Math.max(LEAST, power);
}
