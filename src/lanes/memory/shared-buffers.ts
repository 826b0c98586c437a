/**
 * External memory of a thread lane: views over shared memory, sent by message port in the order of the rows. The memory
 * is reused.
 *
 * A SharedArrayBuffer is freed only when every thread that has seen it has collected its garbage, which a lane hardly
 * ever does, because that memory is not counted in its heap: buffers that are created for each call, or dropped after
 * it, accumulate. So no buffer that may be needed again is dropped.
 *
 * Guarantees:
 * - Memory is reused only after `give`, which the ring calls once the lane has moved past the call. A lane that is
 *   given up never does.
 * - The total memory is bounded by the amount lent at once, whatever the garbage collector does. A large buffer is
 *   created only if no free one is large enough, and free large ones that are too small are dropped then. Each dropped
 *   buffer is replaced by a larger one, and sizes grow by at least a third, so all dropped ones together are no larger
 *   than a few of the largest. Small buffers are never dropped: there are as many of each size as were lent at once,
 *   and from `KEPT` on, larger free ones are used instead.
 */

import type { MessagePort } from 'node:worker_threads';
import { Math } from '../../builtins.js';
import type { ToLane } from '../../shared/messages/messages.js';
import { FIRST_EXTERNAL } from '../../shared/memory/payload.js';
import type { ExternalMemory } from './external-memory.js';

/** Smallest size, in bytes. */
const LEAST = 8_192;
/** Above this size, a larger buffer than needed may be used: its untouched part takes no memory. */
const LARGE = 16 * 1024 * 1024;
/** Free bytes of small buffers, per lane, from which on larger ones are used for smaller requests. */
const KEPT = 2 * LARGE;
/** Bytes lent at once after which further calls wait. */
const LENT = LARGE;

export class SharedBuffers implements ExternalMemory {
  readonly lendsShared = true;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  /** The buffers created here; all others belong to callers. */
  readonly #own = new WeakSet<SharedArrayBuffer>();
  #lent = 0;

  /** @param port the port by which views are sent to the lane. */
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

  /** The smallest free buffer above a size, if it may be used for that size. */
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
      // None of the free large buffers is large enough.
      for (const other of this.#free.keys()) if (other > LARGE) this.#free.delete(other);
    }
    const buffer = new SharedArrayBuffer(size);
    this.#own.add(buffer);
    return buffer;
  }

  /** Total bytes of the free small buffers. */
  #idle(): number {
    let bytes = 0;
    for (const [size, { length }] of this.#free) if (size <= LARGE) bytes += size * length;
    return bytes;
  }
}

/** Powers of two; above `LARGE`, also 1.5 times a power of two. */
function sizeFor(bytes: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, 1)));
  return bytes > LARGE && bytes <= power * 0.75 ? power * 0.75 : Math.max(LEAST, power);
}
