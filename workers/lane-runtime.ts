/**
 * What runs inside a lane, thread or process.
 *
 *   asleep ──doorbell──► draining ──ring empty──► spinning (bounded) ──► napping (bounded) ──► asleep
 *
 * Beside it runs, in a thread, a lease, which keeps the process alive while
 * there are calls; it ends after an idle moment, and the next call takes a new
 * one. Calls are served with or without it.
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
import { Atomics, Promise, clearInterval, performance, setInterval } from '../src/builtins.js';
import { clockOrigin } from '../src/shared/clock.js';
import type { BoundFunction } from '../src/engines/bound-function.js';
import { NO_TEXT } from '../src/shared/memory/payload.js';
import {
  Header,
  Interrupt,
  Lease,
  Outcome,
  Phase,
  Request,
  RowDouble,
  RowWord,
} from '../src/shared/memory/layout.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { ErrorData, LaneSettings, ToLane } from '../src/shared/messages/messages.js';
import { State, generationIn, stateIn, transition } from '../src/shared/memory/states.js';
import type { BatchPlan } from '../src/shared/memory/batch-layout.js';
import { runBatch } from '../src/engines/bound-batch.js';
import { type Callable, FunctionTable } from './function-table.js';
import { mostReadings } from '../src/shared/spin.js';
import { errorData } from './error-data.js';
import type { LaneLink } from './lane-link.js';

/**
 * ms that a lane naps after work with its whole thread, before it sleeps in its
 * event loop: a call that follows soon then finds it 30 µs sooner.
 */
const NAP_MS = 2;

/** A question of the host, to be answered between calls. */
type Question = Extract<ToLane, { kind: 'ask' | 'try' }>;

export class LaneRuntime {
  readonly memory: LaneMemory;
  readonly functions: FunctionTable;
  /** Calls run so far. */
  calls = 0;
  readonly #link: LaneLink;
  readonly #settings: LaneSettings;
  readonly #clockOffset: number;
  /** Bytes that came by port for rows not yet met, by sequence number, in the order of the rows. */
  readonly #views = new Map<number, readonly Uint8Array[]>();
  readonly #questions: Question[] = [];
  readonly #answer: (question: Question) => void;
  #cursor: number;
  #now = 0;

  /** @param answer answers a question of the host; called between calls. */
  constructor(
    memory: LaneMemory,
    settings: LaneSettings,
    link: LaneLink,
    answer: (question: Question) => void = () => {},
  ) {
    this.#settings = settings;
    this.memory = memory;
    this.#link = link;
    this.#answer = answer;
    this.#clockOffset = clockOrigin() - settings.clockOrigin;
    this.#cursor = Atomics.load(this.memory.i32, Header.HEAD);
    this.functions = new FunctionTable(this.memory, settings, {
      ring: () => link.ring(),
      wait: (index, seen, ms) => link.wait(index, seen, ms),
      liveAddress: () => link.liveAddress(),
      postRecord: (chunk, payload) => link.post({ kind: 'record', chunk, payload }, [payload]),
    });
  }

  /** Position of the next row: rows before it are done. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Tells the host that this lane runs. */
  announce(): void {
    this.memory.i32[Header.PHASE] = Phase.IDLE;
    Atomics.store(this.memory.i32, Header.READY, 1);
    this.#link.ring();
  }

  /** Tells the host that this thread is ending on its own, and of what, if it is an error. */
  announceGone(code: number, lastWords: ErrorData | null): void {
    this.memory.i32[Header.EXIT_CODE] = code;
    try {
      if (lastWords !== null) this.#link.post({ kind: 'last-words', error: lastWords });
    } catch {
      // Nothing can be posted any more: the code says something.
    }
    Atomics.store(this.memory.i32, Header.GONE, 1);
    this.#link.ring();
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
      this.#answerAll();
      if (this.#cursor !== Atomics.load(i32, Header.TAIL)) {
        Atomics.store(i32, Header.SLEEPING, 0);
        continue;
      }
      if (!ran || !this.#link.wait(Header.DOORBELL, bell, NAP_MS)) {
        await this.#link.sleep(Header.DOORBELL, bell);
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
      }, this.#settings.leaseIdleMs);
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
        if (ran) this.#link.ring();
        return ran;
      }
      // Times run back to back among rows that wait already: one clock reading
      // a call. A row that came later may be younger than the last reading.
      this.#now = 0;
      do {
        this.#runRow(this.#cursor);
        this.#cursor = (this.#cursor + 1) | 0;
        Atomics.store(i32, Header.HEAD, this.#cursor);
        i32[Header.PHASE] = Phase.IDLE;
        if (((this.#cursor - Atomics.load(i32, Header.RING_AT)) | 0) >= 0) this.#link.ring();
      } while (this.#cursor !== tail);
      ran = true;
    }
  }

  /** @returns whether a call came within the time worth waiting awake. */
  #spin(): boolean {
    const { i32 } = this.memory;
    const until = performance.now() + this.#settings.spinUs / 1_000;
    let left = mostReadings(this.#settings.spinUs);
    do {
      for (let look = 0; look < 50; look += 1) {
        if (this.#cursor !== Atomics.load(i32, Header.TAIL)) return true;
      }
      left -= 1;
    } while (left > 0 && performance.now() < until);
    return false;
  }

  #runRow(sequence: number): void {
    const { i32, f64 } = this.memory;
    const word = this.memory.rowWord(sequence);
    const found = Atomics.load(i32, word + RowWord.STATE);
    if (stateIn(found) !== State.queued) return;
    // Before the call is claimed: what a library does when it is loaded is not its doing.
    if (!this.functions.knows(i32[word + RowWord.FUNCTION] as number)) this.receive();
    const generation = generationIn(found);
    const double = this.memory.rowDouble(sequence);
    if (this.#now === 0) this.#now = this.#clock();
    f64[double + RowDouble.STARTED] = this.#now;
    if (!transition(i32, word + RowWord.STATE, generation, State.queued, State.running)) return;
    const request = i32[word + RowWord.OUTCOME] as number;
    if ((request & Request.ANNOUNCE_START) !== 0) this.#link.ring();
    this.calls += 1;
    let bound: BoundFunction | null = null;
    let succeeded = false;
    try {
      const callable = this.#function(i32[word + RowWord.FUNCTION] as number);
      bound = callable.bound;
      if ((request & Request.BATCH) !== 0) {
        this.#runBatch(callable, sequence, generation);
        succeeded = true;
      } else succeeded = this.#runCall(callable, sequence, generation);
    } catch (error) {
      const returned = i32[Header.PHASE] === Phase.ANSWER;
      i32[word + RowWord.OUTCOME] = returned ? Outcome.THREW | Outcome.ANSWER_LOST : Outcome.THREW;
      // Where not even this can be said, the lane is of no use: it dies of it, and the call with it.
      this.#link.post({ kind: 'error', generation, error: errorData(error) });
    }
    this.functions.writer?.end();
    if (bound !== null && bound.spec.onCancel !== null) this.#closeInterrupt(word + RowWord.INTERRUPT);
    this.#now = this.#clock();
    f64[double + RowDouble.ENDED] = this.#now;
    this.#finish(word + RowWord.STATE, generation, succeeded ? State.succeeded : State.failed);
  }

  /** @returns whether the function did not report failure. @throws what the engine throws. */
  #runCall({ bound, frame }: Callable, sequence: number, generation: number): boolean {
    const { i32, f64 } = this.memory;
    const word = this.memory.rowWord(sequence);
    const externals = bound.plan.hasData ? this.#externals(sequence, bound) : null;
    // Read late: a function may have just been bound.
    const { writer } = this.functions;
    if (writer !== null) {
      const { stream } = bound.plan;
      const mark = stream === NO_TEXT ? 0 : f64[((i32[word + RowWord.PAYLOAD] as number) + stream) / 8];
      writer.begin(bound.spec, sequence, generation, word + RowWord.CANCEL, mark as number);
    }
    const texts = bound.invoke(frame, sequence, externals);
    if (texts !== null) this.#link.post({ kind: 'texts', generation, texts });
    return ((i32[word + RowWord.OUTCOME] as number) & Outcome.NATIVE_FAILURE) === 0;
  }

  /** Which items failed is in their own outcomes. @throws what the engine throws. */
  #runBatch({ bound, frame }: Callable, sequence: number, generation: number): void {
    const { i32 } = this.memory;
    const { writer } = this.functions;
    // A callback of an earlier call may be called by any.
    writer?.begin(bound.spec, sequence, generation, this.memory.rowWord(sequence) + RowWord.CANCEL, 0);
    i32[Header.PHASE] = Phase.CALL;
    const { memory } = frame;
    runBatch(bound, bound.batch as BatchPlan, memory, sequence, () => this.#viewsOf(sequence) ?? []);
    i32[Header.PHASE] = Phase.ANSWER;
    i32[this.memory.rowWord(sequence) + RowWord.OUTCOME] = 0;
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
      this.#link.wait(index, Interrupt.RUNNING);
    }
  }

  #function(number: number): Callable {
    const known = this.functions.get(number);
    if (known !== undefined) return known;
    const { i32 } = this.memory;
    for (;;) {
      const bound = Atomics.load(i32, Header.BOUND);
      this.receive();
      const late = this.functions.get(number);
      if (late !== undefined) return late;
      // A declaration too large for the messages comes in pieces.
      if (bound === Atomics.load(i32, Header.ANNOUNCED)) break;
      this.#link.wait(Header.MESSAGES_DOWN_WRITE, Atomics.load(i32, Header.MESSAGES_DOWN_WRITE), NAP_MS);
    }
    throw new Error(`function ${number} was called before it was declared to this lane`);
  }

  #externals(sequence: number, bound: BoundFunction): readonly Uint8Array[] | null {
    return bound.hasExternals(this.memory, sequence) ? this.#viewsOf(sequence) : null;
  }

  #viewsOf(sequence: number): readonly Uint8Array[] | null {
    this.receive();
    for (const [row, views] of this.#views) {
      if (((row - sequence) | 0) > 0) break;
      // What lies before it is of calls that were cancelled or taken back.
      this.#views.delete(row);
      if (row === sequence) return views;
    }
    return null;
  }

  /** What a library does when it is loaded is no call's doing. */
  #bind(library: Extract<ToLane, { kind: 'library' }>): void {
    const { i32 } = this.memory;
    const before = i32[Header.PHASE] as number;
    i32[Header.PHASE] = Phase.BOOT;
    this.functions.add(library);
    i32[Header.PHASE] = before;
  }

  #answerAll(): void {
    for (let next = this.#questions.shift(); next !== undefined; next = this.#questions.shift()) {
      this.#answer(next);
    }
  }

  /** Reads all that the host has sent: libraries are bound, bytes are kept for their rows. */
  receive(): void {
    for (;;) {
      const message = this.#link.receive();
      if (message === undefined) return;
      if (message.kind === 'data') {
        this.#views.set(message.sequence, message.views);
        continue;
      }
      if (message.kind === 'library') this.#bind(message);
      else if (message.kind === 'close-callback') this.functions.closeCallback(message.id);
      else this.#questions.push(message);
      Atomics.add(this.memory.i32, Header.BOUND, 1);
      this.#link.ring();
    }
  }

  #clock(): number {
    return performance.now() + this.#clockOffset;
  }
}
