/**
 * What runs inside a thread lane.
 *
 *   asleep ──doorbell──► draining ──ring empty──► spinning (bounded) ──► napping (bounded) ──► asleep
 *
 * Beside it runs a lease, which keeps the process alive while there are calls;
 * it ends after an idle moment, and the next call takes a new one. Calls are
 * served with or without it.
 *
 * Guarantees:
 * - Rows run one after another, in the order written. A row runs only after
 *   this lane has won the swap queued → running, so a call that was cancelled
 *   or taken back meanwhile is passed over and never runs twice.
 * - HEAD moves past a row only after its result is in memory; the host looks
 *   at a row only behind HEAD.
 * - Nothing thrown by an engine leaves `runRow`: it becomes that call's error.
 * - No wake-up is lost: the lane announces its sleep (SLEEPING, or the lease
 *   ENDED) and looks at TAIL again; the host writes TAIL and then looks at the
 *   announcement. One of the two sees the other.
 */
import { performance } from 'node:perf_hooks';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { clockOrigin } from '../src/shared/clock.js';
import type { BoundFunction } from '../src/engines/bound-function.js';
import { NO_TEXT } from '../src/shared/payload.js';
import {
  ANNOUNCE_START,
  Bell,
  Header,
  Interrupt,
  Lease,
  Outcome,
  RowDouble,
  RowWord,
} from '../src/shared/layout.js';
import { LaneMemory } from '../src/shared/lane-memory.js';
import type { LaneBoot, ToHost, ToLane } from '../src/shared/messages.js';
import { State, generationIn, stateIn, transition } from '../src/shared/states.js';
import { type Callable, FunctionTable } from './function-table.js';
import { errorData } from './error-data.js';
import type { ChannelWriter } from './channel-writer.js';

/**
 * ms that a lane naps after work with its whole thread, before it sleeps in its
 * event loop: a call that follows soon then finds it 30 µs sooner.
 */
const NAP_MS = 2;

export class LaneRuntime {
  readonly memory: LaneMemory;
  readonly functions: FunctionTable;
  /** Calls run so far. */
  calls = 0;
  readonly #bell: Int32Array;
  readonly #data: MessagePort;
  readonly #boot: LaneBoot;
  readonly #clockOffset: number;
  /** Bytes that came by port for rows not yet met, by sequence number, in the order of the rows. */
  readonly #views = new Map<number, readonly Uint8Array[]>();
  #cursor: number;
  #now = 0;

  constructor(boot: LaneBoot) {
    this.#boot = boot;
    this.memory = new LaneMemory(boot.size, boot.memory);
    this.#bell = new Int32Array(boot.bell);
    this.#data = boot.data;
    this.#clockOffset = clockOrigin() - boot.clockOrigin;
    this.#cursor = Atomics.load(this.memory.i32, Header.HEAD);
    this.functions = new FunctionTable(this.memory, boot, {
      ring: () => this.#ring(),
      postRecord: (chunk, payload) => this.#post({ kind: 'record', chunk, payload }, [payload]),
    });
  }

  /** Position of the next row: rows before it are done. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Tells the host that this lane runs. */
  announce(): void {
    Atomics.store(this.memory.i32, Header.READY, 1);
    this.#ring();
  }

  /** Tells the host that this thread is ending on its own. */
  announceGone(): void {
    Atomics.store(this.memory.i32, Header.GONE, 1);
    this.#ring();
  }

  /** Runs rows for as long as the thread lives. */
  async serve(): Promise<never> {
    const { i32 } = this.memory;
    for (;;) {
      const ran = this.#drainRing();
      if (ran && this.#spin()) continue;
      const bell = Atomics.load(i32, Header.DOORBELL);
      Atomics.store(i32, Header.SLEEPING, 1);
      if (Atomics.load(i32, Header.ANNOUNCED) !== Atomics.load(i32, Header.BOUND)) this.receive();
      if (this.#cursor !== Atomics.load(i32, Header.TAIL)) {
        Atomics.store(i32, Header.SLEEPING, 0);
        continue;
      }
      if (!ran || Atomics.wait(i32, Header.DOORBELL, bell, NAP_MS) === 'timed-out') {
        const sleep = Atomics.waitAsync(i32, Header.DOORBELL, bell);
        if (sleep.async) await sleep.value;
      }
      Atomics.store(i32, Header.SLEEPING, 0);
    }
  }

  /** Runs every row written so far, now. Called between rows only. */
  drain(): void {
    this.#drainRing();
  }

  /** Resolves when the lane has been idle for so long that nothing has to keep the process alive. */
  lease(): Promise<void> {
    return new Promise((resolve) => {
      let calls = -1;
      const timer = setInterval(() => {
        const idle = calls === this.calls;
        calls = this.calls;
        if (!idle || !this.#endLease()) return;
        clearInterval(timer);
        resolve();
      }, this.#boot.leaseIdleMs);
    });
  }

  /** @returns false when the host has written a call meanwhile: then the lease goes on. */
  #endLease(): boolean {
    const { i32 } = this.memory;
    if (this.#cursor !== Atomics.load(i32, Header.TAIL)) return false;
    Atomics.store(i32, Header.LEASE, Lease.ENDED);
    if (this.#cursor === Atomics.load(i32, Header.TAIL)) return true;
    // A call came in between. Whoever swaps the lease back keeps the process
    // alive for it: this one by going on, or the host, by a new lease.
    return Atomics.compareExchange(i32, Header.LEASE, Lease.ENDED, Lease.ACTIVE) !== Lease.ENDED;
  }

  /** @returns whether anything ran. */
  #drainRing(): boolean {
    const { i32 } = this.memory;
    let ran = false;
    for (;;) {
      const tail = Atomics.load(i32, Header.TAIL);
      if (this.#cursor === tail) {
        if (ran) this.#ring();
        return ran;
      }
      // Times run back to back among rows that wait already: one clock reading
      // a call. A row that came later may be younger than the last reading.
      this.#now = 0;
      do {
        this.#runRow(this.#cursor);
        this.#cursor = (this.#cursor + 1) | 0;
        Atomics.store(i32, Header.HEAD, this.#cursor);
        if (((this.#cursor - Atomics.load(i32, Header.RING_AT)) | 0) >= 0) this.#ring();
      } while (this.#cursor !== tail);
      ran = true;
    }
  }

  /** @returns whether a call came within the time worth waiting awake. */
  #spin(): boolean {
    const { i32 } = this.memory;
    const until = performance.now() + this.#boot.spinUs / 1_000;
    do {
      for (let look = 0; look < 50; look += 1) {
        if (this.#cursor !== Atomics.load(i32, Header.TAIL)) return true;
      }
    } while (performance.now() < until);
    return false;
  }

  #runRow(sequence: number): void {
    const { i32, f64 } = this.memory;
    const word = this.memory.rowWord(sequence);
    const found = Atomics.load(i32, word + RowWord.STATE);
    if (stateIn(found) !== State.queued) return;
    const generation = generationIn(found);
    const double = this.memory.rowDouble(sequence);
    if (this.#now === 0) this.#now = this.#clock();
    f64[double + RowDouble.STARTED] = this.#now;
    if (!transition(i32, word + RowWord.STATE, generation, State.queued, State.running)) return;
    if (i32[word + RowWord.OUTCOME] === ANNOUNCE_START) this.#ring();
    this.calls += 1;
    let bound: BoundFunction | null = null;
    let succeeded = false;
    let writer: ChannelWriter | null = null;
    try {
      const callable = this.#function(i32[word + RowWord.FUNCTION] as number);
      bound = callable.bound;
      const externals = bound.plan.hasData ? this.#externals(sequence, bound) : null;
      // Read late: a function may have just been bound.
      writer = this.functions.writer;
      if (writer !== null) {
        const { stream } = bound.plan;
        const mark = stream === NO_TEXT ? 0 : f64[((i32[word + RowWord.PAYLOAD] as number) + stream) / 8];
        writer.begin(bound.spec, sequence, generation, word + RowWord.CANCEL, mark as number);
      }
      const texts = bound.invoke(callable.frame, sequence, externals);
      if (texts !== null) this.#post({ kind: 'texts', generation, texts });
      succeeded = ((i32[word + RowWord.OUTCOME] as number) & Outcome.NATIVE_FAILURE) === 0;
    } catch (error) {
      i32[word + RowWord.OUTCOME] = Outcome.THREW;
      this.#post({ kind: 'error', generation, error: errorData(error) });
    }
    writer?.end();
    if (bound !== null && bound.spec.onCancel !== null) this.#closeInterrupt(word + RowWord.INTERRUPT);
    this.#now = this.#clock();
    f64[double + RowDouble.ENDED] = this.#now;
    this.#finish(word + RowWord.STATE, generation, succeeded ? State.succeeded : State.failed);
  }

  /** Exactly one of these swaps wins, or the call was given up and nobody waits for it. */
  #finish(index: number, generation: number, ending: State): void {
    const { i32 } = this.memory;
    if (transition(i32, index, generation, State.running, ending)) return;
    if (transition(i32, index, generation, State.cancelling, State.cancelled)) return;
    transition(i32, index, generation, State.timingOut, State.timedOut);
  }

  /** After this no interrupt function runs for the row: the caller may free its handle. */
  #closeInterrupt(index: number): void {
    const { i32 } = this.memory;
    while (Atomics.compareExchange(i32, index, Interrupt.IDLE, Interrupt.CLOSED) === Interrupt.RUNNING) {
      Atomics.wait(i32, index, Interrupt.RUNNING);
    }
  }

  #function(number: number): Callable {
    const known = this.functions.get(number);
    if (known !== undefined) return known;
    this.receive();
    const late = this.functions.get(number);
    if (late === undefined)
      throw new Error(`function ${number} was called before it was declared to this lane`);
    return late;
  }

  #externals(sequence: number, bound: BoundFunction): readonly Uint8Array[] | null {
    if (!bound.hasExternals(this.memory, sequence)) return null;
    this.receive();
    for (const [row, views] of this.#views) {
      if (((row - sequence) | 0) > 0) break;
      // What lies before it is of calls that were cancelled or taken back.
      this.#views.delete(row);
      if (row === sequence) return views;
    }
    return null;
  }

  /** Reads all that the host has sent by the data port: libraries are bound, bytes are kept for their rows. */
  receive(): void {
    for (;;) {
      const received: { message: ToLane } | undefined = receiveMessageOnPort(this.#data);
      if (received === undefined) return;
      const { message } = received;
      if (message.kind === 'data') {
        this.#views.set(message.sequence, message.views);
        continue;
      }
      if (message.kind === 'library') this.functions.add(message);
      else this.functions.closeCallback(message.id);
      Atomics.add(this.memory.i32, Header.BOUND, 1);
      this.#ring();
    }
  }

  #post(message: ToHost, transfer: ArrayBuffer[] = []): void {
    this.#data.postMessage(message, transfer);
  }

  #clock(): number {
    return performance.now() + this.#clockOffset;
  }

  #ring(): void {
    if (Atomics.load(this.#bell, Bell.ARMED) === 0) return;
    if (Atomics.compareExchange(this.#bell, Bell.ARMED, 1, 0) !== 1) return;
    Atomics.add(this.#bell, Bell.COUNT, 1);
    Atomics.notify(this.#bell, Bell.COUNT);
  }
}
