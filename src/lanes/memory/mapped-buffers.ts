/** External memory of a process lane: pieces of the lane's file, identified by their offset. Nothing is sent. */
import type { MappedHeap } from './mapped-heap.js';
import type { ExternalMemory } from './external-memory.js';

/** Bytes lent at once after which further calls wait. */
const LENT = 16 * 1024 * 1024;

export class MappedBuffers implements ExternalMemory {
  readonly lendsShared = false;
  readonly #heap: MappedHeap;
  #lent = 0;

  constructor(heap: MappedHeap) {
    this.#heap = heap;
  }

  get exhausted(): boolean {
    return this.#lent >= LENT;
  }

  take(bytes: number): Uint8Array {
    const piece = this.#heap.take(bytes);
    this.#lent += piece.byteLength;
    return new Uint8Array(piece, 0, bytes);
  }

  give(view: Uint8Array): void {
    this.#lent -= view.buffer.byteLength;
    this.#heap.give(view.buffer);
  }

  cellOf(view: Uint8Array): number {
    return this.#heap.offsetOf(view.buffer) as number;
  }

  send(): void {}
}
