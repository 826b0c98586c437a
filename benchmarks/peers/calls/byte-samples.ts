/** Bytes for native code to look at, and what they amount to. */
import { load } from 'koffi';
import { zlib } from '../libraries/zlib.js';

/** Bytes of one set together, at most: how fast memory is beyond the caches is not what is asked. */
const TOTAL = 2 ** 22;
const MOST = 64;

/** Some, all different, of one size. */
export class ByteSamples {
  readonly #all: readonly Uint8Array<ArrayBuffer>[];
  readonly #checksums: readonly number[];

  /** @param shared whether they are in SharedArrayBuffers. */
  constructor(size: number, shared: boolean) {
    const crc32 = load(zlib).func('crc32', 'ulong', ['ulong', 'const void *', 'uint32_t']) as (
      crc: number,
      bytes: Uint8Array,
      length: number,
    ) => number;
    this.#all = Array.from({ length: Math.min(MOST, Math.max(1, TOTAL / size)) }, (_, number) => {
      const memory = shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
      // To everybody here they are bytes; only who sends them elsewhere finds out whose.
      const bytes = new Uint8Array(memory as ArrayBuffer);
      for (let at = 0; at < size; at += 1) bytes[at] = at * 7 + number;
      return bytes;
    });
    this.#checksums = this.#all.map((bytes) => crc32(0, bytes, size));
  }

  of(call: number): Uint8Array<ArrayBuffer> {
    return this.#all[call % this.#all.length] as Uint8Array<ArrayBuffer>;
  }

  /** Their CRC-32. */
  checksum(call: number): number {
    return this.#checksums[call % this.#checksums.length] ?? NaN;
  }
}
