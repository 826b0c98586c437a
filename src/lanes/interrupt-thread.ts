/** The thread that calls interrupt functions: one single-thread piscina, an order a task. */
import { Piscina } from 'piscina';
import type { InterruptOrder } from '../shared/messages.js';
import { leaveBehind } from './leave-behind.js';

const ENTRY = new URL('../../workers/interrupt-entry.js', import.meta.url).href;

/** Orders that may be under way at once. */
const MOST_ORDERS = 4_096;

export class InterruptThread {
  #thread: Piscina | undefined;
  #pending = 0;

  /** Whether an interrupt function may be running. */
  get busy(): boolean {
    return this.#pending > 0;
  }

  /** Sends an order. A failure shows itself: the call it was to interrupt goes on until its grace is over. */
  send(order: InterruptOrder): void {
    this.#thread ??= start();
    void this.#send(this.#thread, order);
  }

  /** Ends the thread. One that hangs in an interrupt function is left behind. */
  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    if (!this.busy) return await thread.destroy();
    leaveBehind(thread);
    void thread.destroy();
  }

  async #send(thread: Piscina, order: InterruptOrder): Promise<void> {
    this.#pending += 1;
    try {
      await thread.run(order);
    } catch {
      // The thread was ended, or the order could not be carried out.
    } finally {
      this.#pending -= 1;
    }
  }
}

function start(): Piscina {
  const thread = new Piscina({
    filename: ENTRY,
    minThreads: 1,
    maxThreads: 1,
    // Orders go straight to the thread: a host that blocks does not read that
    // the last one was carried out, and piscina would keep the next one back.
    concurrentTasksPerWorker: MOST_ORDERS,
    idleTimeout: Infinity,
    recordTiming: false,
  });
  thread.on('error', () => {});
  return thread;
}
