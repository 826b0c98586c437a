/** The thread that calls interrupt functions: one single-thread piscina, an order a task. */
import { Piscina } from 'piscina';
import type { InterruptOrder } from '../shared/messages.js';
import { leaveBehind } from './leave-behind.js';

const ENTRY = new URL('../../workers/interrupt-entry.js', import.meta.url).href;

export class InterruptThread {
  #thread: Piscina | undefined;
  #pending = 0;

  /** Whether an interrupt function may be running. */
  get busy(): boolean {
    return this.#pending > 0;
  }

  /** Starts the thread ahead of the first order. */
  prepare(): void {
    if (this.#thread !== undefined) return;
    this.#thread = new Piscina({
      filename: ENTRY,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      recordTiming: false,
    });
    this.#thread.on('error', () => {});
    // Wakes it up to the point where it waits for orders.
    void this.#send(this.#thread, null);
  }

  /** Sends an order. A failure shows itself: the call it was to interrupt goes on until its grace is over. */
  send(order: InterruptOrder): void {
    this.prepare();
    if (this.#thread !== undefined) void this.#send(this.#thread, order);
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

  async #send(thread: Piscina, order: InterruptOrder | null): Promise<void> {
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
