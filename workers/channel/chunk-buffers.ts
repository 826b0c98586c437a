/**
 * Buffers that become chunks. The lane makes them, transfers them to the host before it uses them, several in one
 * message, and then fills them by address. So the bytes of a chunk are copied once, out of native memory, and most
 * chunks need no message.
 *
 *   transferred ──take──► filled ──record──► the host makes a chunk of it
 *        └──a chunk of another length──► dropped by the host, at the record behind it
 *
 * Guarantees:
 * - The memory is valid while this thread may write to it. The host keeps a buffer, or the message that it is in, until
 *   it has read a record with the number of this buffer or of a later one, or the thread has ended (`thread-lane.ts`).
 * - A user gets a buffer only after it is filled, and no other chunk is in it.
 */
import { Math } from '../../src/builtins.js';

/** Maximum number of buffers in a message. */
const MOST_BUFFERS = 64;

/** Transfers buffers to the host. @param first the number of the first; the others follow. */
export type GiveBuffers = (first: number, buffers: ArrayBuffer[]) => void;

export class ChunkBuffers {
  readonly #give: GiveBuffers;
  readonly #addressOf: (buffer: ArrayBuffer) => number | bigint;
  readonly #mostBytes: number;
  /** Addresses of the transferred buffers, and the index of the next one. */
  #addresses: readonly (number | bigint)[] = [];
  #next = 0;
  /** Bytes of each. */
  #bytes = 0;
  /** The number of the next buffer, modulo 2^32. */
  #number = 0;
  /** Number of buffers in the next message. It grows, so that a short stream does not pay for many. */
  #count = 1;

  /** @param mostBytes maximum number of bytes in a message of more than one buffer. */
  constructor(give: GiveBuffers, addressOf: (buffer: ArrayBuffer) => number | bigint, mostBytes: number) {
    this.#give = give;
    this.#addressOf = addressOf;
    this.#mostBytes = mostBytes;
  }

  /** The number of the buffer of the last {@link take}. */
  get taken(): number {
    return (this.#number - 1) | 0;
  }

  /** The address of a buffer of `bytes` bytes, which belongs to the next record. */
  take(bytes: number): number | bigint {
    if (bytes !== this.#bytes) {
      this.#number = (this.#number + this.#addresses.length - this.#next) | 0;
      this.#next = this.#addresses.length;
      this.#bytes = bytes;
      this.#count = 1;
    }
    if (this.#next === this.#addresses.length) this.#transfer();
    const address = this.#addresses[this.#next] as number | bigint;
    this.#next += 1;
    this.#number = (this.#number + 1) | 0;
    return address;
  }

  #transfer(): void {
    const buffers: ArrayBuffer[] = [];
    for (let index = 0; index < this.#count; index += 1) {
      // Not zeroed, because all of it is written; not pooled, so that it can be transferred.
      buffers.push(Buffer.allocUnsafeSlow(this.#bytes).buffer);
    }
    const addresses = buffers.map(this.#addressOf);
    this.#give(this.#number, buffers);
    this.#addresses = addresses;
    this.#next = 0;
    const most = Math.floor(this.#mostBytes / this.#bytes);
    this.#count = Math.max(1, Math.min(this.#count * 2, most, MOST_BUFFERS));
  }
}
