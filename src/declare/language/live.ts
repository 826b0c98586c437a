/**
 * Memory that native code in every lane, thread or process, sees as it is:
 * what `sharedBytes` gives. Known by its buffer; where it is in the file that
 * all lanes map is what a lane finds it by.
 */

const offsets = new WeakMap<ArrayBufferLike, number>();
/** Most programs have none: then nothing is looked up. */
let any = false;

/** From now on a buffer is live memory, `offset` bytes into the common file. */
export function markLive(buffer: ArrayBufferLike, offset: number): void {
  any = true;
  offsets.set(buffer, offset);
}

/** Offset of a buffer in the common file; undefined for ordinary memory. */
export function liveOffset(buffer: ArrayBufferLike): number | undefined {
  return any ? offsets.get(buffer) : undefined;
}
