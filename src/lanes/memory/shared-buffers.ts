/**
 * What a thread lane is lent beyond its arena: views over shared memory, by
 * message port, in the order of the rows. The memory is used again and again.
 *
 * A SharedArrayBuffer is freed only when every thread that has seen it has
 * collected its garbage, which a lane hardly ever does, since that memory is
 * not counted in its heap: what is made anew for each call, or dropped after it,
 * piles up. So nothing that will be needed again is dropped.
 *
 * Guarantees:
 * - Memory is given out again only after `give`, which the ring calls once the
 *   lane has moved past the call. A lane that is given up never does.
 * - What has been made is bounded by what was lent at once, whatever the
 *   collector does: a large buffer is made only where none that is free is large
 *   enough, and those too small for it are dropped then. Each that is dropped
 *   has made way for a larger one, so dropped ones are few, and sizes grow by
 *   a third at least, so all of them together are no more than a few of the largest.
 *   Small ones are never dropped: of each size there are as many as were lent at
 *   once, and from `KEPT` on larger ones that are free serve as well.
 */

import type { MessagePort } from 'node:worker_threads';
import { Math } from '../../builtins.js';
import type { ToLane } from '../../shared/messages/messages.js';
import { FIRST_EXTERNAL } from '../../shared/memory/payload.js';
import type { ExternalMemory } from './external-memory.js';

/** Smallest size, in bytes. */
const LEAST = 8_192;
/** Above this a buffer that is too large serves as well: the part that is never touched takes no memory. */
const LARGE = 16 * 1024 * 1024;
/** Free bytes of small buffers, for one lane, from which on they serve for smaller ones. */
const KEPT = 2 * LARGE;
/** Bytes lent at once after which further calls wait. */
const LENT = LARGE;

export class SharedBuffers implements ExternalMemory {
  readonly lendsShared = true;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  /** Those given out by this: others are the callers' own. */
  readonly #own = new WeakSet<SharedArrayBuffer>();
  #lent = 0;

  /** @param port by which the lane is sent views. */
  constructor(port: Pick<MessagePort, 'postMessage'>) {
    this.#port = port;
  }

  get exhausted(): boolean {
    return this.#lent >= LENT;
  }

  take(bytes: number): Uint8Array {
    const size = sizeFor(bytes);
    const buffer = this.#free.get(size)?.pop() ?? this.#larger(size) ?? this.#make(size);
    this.#lent += size;
    return new Uint8Array(buffer, 0, bytes);
  }

  cellOf(_view: Uint8Array, index: number): number {
    return FIRST_EXTERNAL - index;
  }

  send(sequence: number, views: readonly Uint8Array[]): void {
    this.#port.postMessage({ kind: 'data', sequence, views } satisfies ToLane);
  }

  give(view: Uint8Array): void {
    const buffer = view.buffer as SharedArrayBuffer;
    if (!this.#own.has(buffer)) return;
    this.#lent -= sizeFor(view.byteLength);
    const size = buffer.byteLength;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
  }

  /** The smallest free buffer above a size, where it may be spent on that. */
  #larger(size: number): SharedArrayBuffer | undefined {
    if (size <= LARGE && this.#idle() < KEPT) return undefined;
    let found: SharedArrayBuffer[] | undefined;
    let least = size <= LARGE ? LARGE + 1 : Infinity;
    for (const [other, free] of this.#free) {
      if (other <= size || other >= least || free.length === 0) continue;
      found = free;
      least = other;
    }
    return found?.pop();
  }

  #make(size: number): SharedArrayBuffer {
    if (size > LARGE) {
      // None of them is large enough.
      for (const other of this.#free.keys()) if (other > LARGE) this.#free.delete(other);
    }
    const buffer = new SharedArrayBuffer(size);
    this.#own.add(buffer);
    return buffer;
  }

  /** Bytes of the small buffers that are free. */
  #idle(): number {
    let bytes = 0;
    for (const [size, { length }] of this.#free) if (size <= LARGE) bytes += size * length;
    return bytes;
  }
}

/** Powers of two; above `LARGE` also those and a half. */
function sizeFor(bytes: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, 1)));
  return bytes > LARGE && bytes <= power * 0.75 ? power * 0.75 : Math.max(LEAST, power);
}
