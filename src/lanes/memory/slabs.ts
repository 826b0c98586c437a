/**
 * Memory for copies of bytes, in few sizes, which is used again: fresh memory costs as much as the copy, because the
 * system clears each page when it is first touched.
 *
 * Guarantees:
 * - Memory is used again only after its copy has been released by everyone who held it.
 * - At most `KEPT_BYTES` of free small pieces are kept, and as many of large ones, or a single one that is larger.
 * - A large piece is created only if no free one is large enough; free large ones are dropped then.
 */
import { Math } from '../../builtins.js';
import { CopiedBytes } from '../../declare/values/held-bytes.js';

/** Smallest size, in bytes. */
const LEAST = 8_192;
/** Above this size, a larger piece than needed may be used: pages that are not touched take no memory. */
const LARGE = 16 * 1024 * 1024;
const KEPT_BYTES = 64 * 1024 * 1024;

export class Slabs {
  /** By size. */
  readonly #small = new Map<number, ArrayBuffer[]>();
  /** The smallest first. */
  #large: ArrayBuffer[] = [];
  /** Bytes of the small ones. */
  #kept = 0;

  /** @returns bytes with undefined content. */
  take(bytes: number): CopiedBytes {
    const size = sizeFor(bytes);
    const buffer = size > LARGE ? this.#takeLarge(size) : this.#takeSmall(size);
    return new CopiedBytes(new Uint8Array(buffer, 0, bytes), () => this.#give(buffer));
  }

  copyOf(bytes: Uint8Array): CopiedBytes {
    const copy = this.take(bytes.byteLength);
    copy.bytes.set(bytes);
    return copy;
  }

  #takeSmall(size: number): ArrayBuffer {
    const buffer = this.#small.get(size)?.pop();
    if (buffer === undefined) return new ArrayBuffer(size);
    this.#kept -= size;
    return buffer;
  }

  #takeLarge(size: number): ArrayBuffer {
    const at = this.#large.findIndex(({ byteLength }) => byteLength >= size);
    const found = at < 0 ? undefined : this.#large.splice(at, 1)[0];
    if (found !== undefined) return found;
    this.#large = [];
    return new ArrayBuffer(size);
  }

  #give(buffer: ArrayBuffer): void {
    const size = buffer.byteLength;
    if (size > LARGE) {
      const kept = this.#large.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (kept > 0 && kept + size > KEPT_BYTES) return;
      this.#large.push(buffer);
      this.#large.sort((one, other) => one.byteLength - other.byteLength);
      return;
    }
    if (this.#kept + size > KEPT_BYTES) return;
    this.#kept += size;
    const free = this.#small.get(size);
    // The last one first: it is in the caches.
    if (free === undefined) this.#small.set(size, [buffer]);
    else free.push(buffer);
  }
}

/** Powers of two; above `LARGE`, also 1.5 times a power of two. Pages that are not touched take no memory. */
function sizeFor(bytes: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, 1)));
  return bytes > LARGE && bytes <= power * 0.75 ? power * 0.75 : Math.max(LEAST, power);
}
