/** The thread that calls interrupt functions: one single-thread piscina, an order a task. */
import { Piscina } from 'piscina';
import type { InterruptOrder } from '../shared/messages.js';
import { leaveBehind } from './leave-behind.js';

const ENTRY = new URL('../../workers/interrupt-entry.js', import.meta.url).href;

/** ms that orders under way have to end before the thread is left behind. */
const PATIENCE_MS = 2_000;
/** Orders that may be under way at once. */
const MOST_ORDERS = 4_096;

export class InterruptThread {
  #thread: Piscina | undefined;
  readonly #orders = new Set<Promise<void>>();
  #sent = 0;
  /** Orders that are over, counted by the thread itself: a host that blocks hears nothing of piscina. */
  readonly #over = new Int32Array(new SharedArrayBuffer(4));

  /** Whether an interrupt function may be running, or an engine may be loading. */
  get busy(): boolean {
    return Atomics.load(this.#over, 0) !== this.#sent;
  }

  /** Sends an order. A failure shows itself: the call it was to interrupt goes on until its grace is over. */
  send(order: InterruptOrder): void {
    this.#thread ??= start();
    this.#sent = (this.#sent + 1) | 0;
    const done = this.#carryOut(this.#thread, order).finally(() => this.#orders.delete(done));
    this.#orders.add(done);
  }

  /**
   * Ends the thread, once it has carried out its orders: ending one that is
   * still loading an engine aborts the process. One that hangs in an interrupt
   * function is left behind.
   */
  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([Promise.allSettled(this.#orders), patience]);
    clearTimeout(timer);
    if (this.busy) leaveBehind(thread);
    const ended = thread.destroy();
    if (!this.busy) await ended;
  }

  async #carryOut(thread: Piscina, order: InterruptOrder): Promise<void> {
    try {
      await thread.run({ order, over: this.#over });
    } catch {
      // The thread has ended; it counts what it carries out, and never throws.
      Atomics.add(this.#over, 0, 1);
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
