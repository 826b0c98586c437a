/** External memory of a process lane: pieces of the lane's file, identified by their offset. */
import { HeldBytes } from '../../declare/values/held-bytes.js';
import type { ToLane } from '../../shared/messages/messages.js';
import type { MappedHeap } from './mapped-heap.js';
import type { ExternalMemory } from './external-memory.js';

/** Bytes lent at once after which further calls wait. */
const LENT = 16 * 1024 * 1024;

export class MappedBuffers implements ExternalMemory {
  readonly lendsShared = false;
  readonly #heap: MappedHeap;
  readonly #post: (message: ToLane) => void;
  #lent = 0;

  /** @param post sends a message to the lane. */
  constructor(heap: MappedHeap, post: (message: ToLane) => void) {
    this.#heap = heap;
    this.#post = post;
  }

  get exhausted(): boolean {
    return this.#lent >= LENT;
  }

  take(bytes: number): HeldBytes {
    const piece = this.#heap.take(bytes);
    this.#lent += piece.byteLength;
    return new HeldBytes(new Uint8Array(piece, 0, bytes), () => {
      this.#lent -= piece.byteLength;
      this.#heap.give(piece);
    });
  }

  cellOf({ bytes }: HeldBytes): number {
    return this.#heap.offsetOf(bytes.buffer) as number;
  }

  /** What is transferred is copied: processes share no memory of JavaScript. */
  post(message: ToLane): void {
    this.#post(message);
  }

  send(): void {}
}
