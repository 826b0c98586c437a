/**
 * The back-pressure of a stream on the side of native code: the number of unread chunks at which native code waits.
 * Positions only grow; their difference is the number of unread chunks.
 */
import { Atomics } from '../../src/builtins.js';
import { Channel } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';

export class ChunkCredit {
  readonly #i32: Int32Array;
  readonly #channel: number;
  #written = 0;
  /** Number of chunks that the reader has taken, as last read. */
  #taken = 0;

  constructor({ i32, channel }: LaneMemory) {
    this.#i32 = i32;
    this.#channel = channel;
  }

  /** Whether another chunk may be written if at most `most` may be unread. */
  allows(most: number): boolean {
    if (((this.#written - this.#taken) | 0) < most) return true;
    this.#taken = Atomics.load(this.#i32, this.#channel + Channel.CHUNKS_TAKEN);
    return ((this.#written - this.#taken) | 0) < most;
  }

  /** A chunk is about to be sent. A plain store: sending its record publishes it. */
  publish(): void {
    this.#i32[this.#channel + Channel.CHUNKS_WRITTEN] = (this.#written + 1) | 0;
  }

  /** The chunk has been sent. */
  spend(): void {
    this.#written = (this.#written + 1) | 0;
  }
}
