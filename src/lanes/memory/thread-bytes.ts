/**
 * External memory of a thread lane: memory of this process, which native code is given by its address. The lane's
 * JavaScript never sees it, so it is freed like any other memory of the host.
 *
 * Guarantee: what was placed stays referenced until the ring releases it, which it does once the lane has moved past the
 * call.
 */
import type { MessagePort, Transferable } from 'node:worker_threads';
import type { HeldBytes } from '../../declare/values/held-bytes.js';
import type { ToLane } from '../../shared/messages/messages.js';
import { FIRST_ADDRESS } from '../../shared/memory/payload.js';
import { addressOf } from './addresses.js';
import type { ExternalMemory } from './external-memory.js';
import type { Slabs } from './slabs.js';

export class ThreadBytes implements ExternalMemory {
  readonly lendsShared = true;
  /** The calls of a lane take no more memory than the calls of the queue, which are bounded by their number. */
  readonly exhausted = false;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #slabs: Slabs;

  /** @param port the port by which columns and values are sent to the lane. */
  constructor(port: Pick<MessagePort, 'postMessage'>, slabs: Slabs) {
    this.#port = port;
    this.#slabs = slabs;
  }

  take(bytes: number): HeldBytes {
    return this.#slabs.take(bytes);
  }

  cellOf({ bytes }: HeldBytes): number {
    return FIRST_ADDRESS + addressOf(bytes);
  }

  post(message: ToLane, transfers: readonly object[]): void {
    this.#port.postMessage(message, transfers as readonly Transferable[]);
  }

  send(sequence: number, columns: readonly HeldBytes[]): void {
    this.#port.postMessage({
      kind: 'columns',
      sequence,
      columns: columns.map(({ bytes }) => bytes),
    } satisfies ToLane);
  }
}
