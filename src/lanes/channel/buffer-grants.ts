/**
 * Buffers for large chunks of thread lanes: the host allocates them and tells the lane their addresses, the lane copies
 * chunks into them. So the bytes of a chunk are copied once, out of native memory, into the memory that becomes the
 * chunk, without a message.
 *
 *   granted ──► filled ──record──► the host hands it out
 *      └──a chunk of another length──► passed: dropped by the host, at the lane's next record
 *
 * The host allocates because of V8's collector: it frees buffers that were allocated by JavaScript and are soon
 * unreachable with the young generation, but collects the whole heap for buffers that arrive from another thread.
 *
 * Guarantees:
 * - The memory is valid while the lane may write to it: a buffer is kept until a record says that the lane has passed
 *   it, or the thread has ended (`thread-lane.ts`).
 * - A user gets a buffer only after it is filled, and no other chunk is in it.
 * - At most `MOST_BYTES` of buffers (or a single larger one) wait to be filled. It is one at first, and twice as many each
 *   time the lane found none and sent its chunk by message.
 */
import { Atomics, Math } from '../../builtins.js';
import { Channel, GRANTS, GRANT_DOUBLES, GrantDouble, grantsStart } from '../../shared/memory/channel.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { Disorder } from '../../shared/messages/disorder.js';

const MOST_BYTES = 8 * 1024 * 1024;
/** The same, in pipes of chunks: less in pools that are to take little memory. */
const MOST_PIPES = 32;

export class BufferGrants {
  readonly #memory: LaneMemory;
  readonly #addressOf: (buffer: Uint8Array) => number;
  readonly #first: number;
  readonly #mostBytes: number;
  /** Buffers that the lane has not passed yet, as far as its records say; the oldest first. */
  readonly #buffers: Buffer[] = [];
  /** The number of buffers granted so far, modulo 2^32. */
  #granted = 0;
  /** Bytes of the last chunk, and how many buffers of that length are to wait for the next ones. */
  #bytes = 0;
  #wanted = 1;

  /** @param addressOf the address of a buffer that is kept until its memory is no longer used. */
  constructor(memory: LaneMemory, addressOf: (buffer: Uint8Array) => number) {
    this.#memory = memory;
    this.#addressOf = addressOf;
    this.#first = grantsStart(memory.size) / 8;
    this.#mostBytes = Math.min(MOST_BYTES, memory.size.chunkBytes * MOST_PIPES);
  }

  /**
   * The lane has passed so many buffers: they are not kept any longer.
   * @returns the last of them, if it was not passed before.
   */
  pass(passed: number): Buffer | undefined {
    const kept = (this.#granted - passed) | 0;
    if (kept < 0 || kept > this.#buffers.length) throw new Disorder('the number of buffers used for chunks');
    let last: Buffer | undefined;
    while (this.#buffers.length > kept) last = this.#buffers.shift();
    return last;
  }

  /** Grants buffers for more chunks like the one that was taken last. @param lacked whether the lane had none for it. */
  grant(bytes: number, lacked: boolean): void {
    const { i32, channel } = this.#memory;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#wanted = 1;
    } else if (lacked) {
      const most = Math.min(GRANTS, Math.max(1, Math.floor(this.#mostBytes / bytes)));
      this.#wanted = Math.min(this.#wanted * 2, most);
    }
    const end = (Atomics.load(i32, channel + Channel.GRANTS_PASSED) + this.#wanted) | 0;
    if (((end - this.#granted) | 0) <= 0) return;
    while (((end - this.#granted) | 0) > 0) this.#add(bytes);
    Atomics.store(i32, channel + Channel.GRANTED, this.#granted);
  }

  #add(bytes: number): void {
    // Not zeroed, because all of it is written; not pooled, so that the chunk can be transferred.
    const buffer = Buffer.allocUnsafeSlow(bytes);
    const { f64 } = this.#memory;
    const cell = this.#first + (this.#granted & (GRANTS - 1)) * GRANT_DOUBLES;
    f64[cell + GrantDouble.ADDRESS] = this.#addressOf(buffer);
    f64[cell + GrantDouble.BYTES] = bytes;
    this.#buffers.push(buffer);
    this.#granted = (this.#granted + 1) | 0;
  }
}
