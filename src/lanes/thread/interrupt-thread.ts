/** The thread that calls interrupt functions: a single-thread piscina with one task for each order. */
import type { Piscina } from 'piscina';
import { Atomics, Promise, clearTimeout, setTimeout } from '../../builtins.js';
import { allSettled, race, whenSettled } from '../../promises.js';
import { LaneMemory } from '../../shared/memory/lane-memory.js';
import { Interrupt, RowWord } from '../../shared/memory/layout.js';
import type { InterruptOrder } from '../../shared/messages/messages.js';
import type { LaneStart } from '../../options/lane-start.js';
import { withOriginals } from './originals.js';
import { detach } from './detach.js';
import { startThread } from './thread-start.js';

/** ms within which orders in progress must end before the thread is detached. */
const PATIENCE_MS = 2_000;
/** Maximum number of orders in progress at once. */
const MOST_ORDERS = 4_096;

export class InterruptThread {
  #thread: Piscina | undefined;
  readonly #orders = new Set<Promise<void>>();
  /** The object that piscina passed to `workerCreate`. */
  #created: object | null = null;
  /**
   * Whether the thread may be in an interrupt function, which may hang: the call keeps the process alive, the interrupt
   * function does not.
   */
  #interrupts = false;
  #ended = false;
  #sent = 0;
  /**
   * Number of the last order that has ended. The thread writes it, because a host that blocks receives nothing from
   * piscina.
   */
  readonly #over = new Int32Array(new SharedArrayBuffer(4));
  readonly #start: LaneStart;

  constructor(start: LaneStart) {
    this.#start = start;
  }

  /** Whether an interrupt function may be running, or an engine may be loading. */
  get busy(): boolean {
    return Atomics.load(this.#over, 0) !== this.#sent;
  }

  /** Sends an order. A failure needs no report: the call that was to be interrupted runs until its grace is over. */
  send(order: InterruptOrder): void {
    this.#thread ??= makeThread(this.#start, (created) => this.#onWorker(created));
    if (order.kind === 'interrupt' && !this.#interrupts) {
      this.#interrupts = true;
      detach(this.#thread, this.#created);
    }
    this.#sent = (this.#sent + 1) | 0;
    const done = this.#carryOut(this.#thread, order, this.#sent);
    this.#orders.add(done);
    const over = (): void => void this.#orders.delete(done);
    void whenSettled(done, over, over);
  }

  /**
   * Ends the thread after its orders: ending a thread that is loading an engine aborts the process. A thread that hangs
   * in an interrupt function is detached.
   */
  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await race<unknown>([allSettled([...this.#orders]), patience]);
    this.#ended = true;
    if (this.busy) detach(thread);
    const ended = withOriginals(() => thread.destroy());
    if (!this.busy) await race([ended, patience]);
    clearTimeout(timer);
  }

  /** A worker has been created: the first one, or the replacement of one that died. */
  #onWorker(created: object): void {
    this.#created = created;
    if (this.#interrupts && this.#thread !== undefined) detach(this.#thread, created);
  }

  async #carryOut(thread: Piscina, order: InterruptOrder, number: number): Promise<void> {
    try {
      await withOriginals(() => thread.run({ order, number, over: this.#over }));
    } catch {
      // A detached thread may be in an interrupt function for ever.
      if (this.#ended) return;
      // The thread has ended, and piscina starts another one. The thread may already have recorded the end of this
      // order.
      if (((Atomics.load(this.#over, 0) - number) | 0) < 0) Atomics.store(this.#over, 0, number);
      if (order.kind === 'interrupt') release(order);
    }
  }
}

/** The interrupt thread has died, so no interrupt function runs: the lane must not wait for one. */
function release({ memory, size, sequence }: Extract<InterruptOrder, { kind: 'interrupt' }>): void {
  const lane = new LaneMemory(size, memory);
  const index = lane.rowWord(sequence) + RowWord.INTERRUPT;
  Atomics.compareExchange(lane.i32, index, Interrupt.RUNNING, Interrupt.IDLE);
  Atomics.notify(lane.i32, index);
}

function makeThread(start: LaneStart, created: (created: object) => void): Piscina {
  // Orders go directly to the thread: a host that blocks does not read the completion of the previous order, and
  // piscina would hold the next one back.
  const thread = startThread(start, { name: 'obey', concurrentTasksPerWorker: MOST_ORDERS });
  thread.on('error', () => {});
  thread.on('workerCreate', created);
  return thread;
}
