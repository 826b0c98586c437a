/**
 * What a thread lane is lent beyond its arena: views over shared memory, by
 * message port, in the order of the rows. The memory is used again and again.
 *
 * A SharedArrayBuffer is freed only when every thread that has seen it has
 * collected its garbage, which a lane hardly ever does: without reuse, memory
 * grows with the number of calls. Sizes are rounded up, so that few sizes serve
 * many calls; what is given back is kept up to a bound.
 *
 * Guarantee: memory is given out again only after `give`, which the ring calls
 * once the lane has moved past the call. A lane that is given up never does.
 */

import type { MessagePort } from 'node:worker_threads';
import type { ToLane } from '../shared/messages.js';
import { FIRST_EXTERNAL } from '../shared/payload.js';
import type { Outside } from './outside.js';

/** Smallest size, in bytes. */
const LEAST = 8_192;
/** Above this, sizes are multiples of it: powers of two would waste too much. */
const LARGE = 16 * 1024 * 1024;
/** Bytes kept at most, for one lane; one buffer is always kept, however large. */
const KEPT = 2 * LARGE;
/** Bytes lent at once after which further calls wait: below what is kept, so that nothing is made anew. */
const LENT = LARGE;

export class SharedBuffers implements Outside {
  readonly lendsShared = true;
  readonly lendsLive = true;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  /** Those given out by this: others are the callers' own. */
  readonly #own = new WeakSet<SharedArrayBuffer>();
  #kept = 0;
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
    let buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) {
      buffer = new SharedArrayBuffer(size);
      this.#own.add(buffer);
    } else this.#kept -= size;
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
    const size = buffer.byteLength;
    if (!this.#own.has(buffer)) return;
    this.#lent -= size;
    if (this.#kept > 0 && this.#kept + size > KEPT) return;
    this.#kept += size;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
  }
}

function sizeFor(bytes: number): number {
  if (bytes > LARGE) return Math.ceil(bytes / LARGE) * LARGE;
  return Math.max(LEAST, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))));
}
