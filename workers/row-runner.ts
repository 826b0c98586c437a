/**
 * Runs the call of a row, and leaves its result there.
 *
 *   queued ──claimed──► running ──► native code ──► interrupt closed ──► ended
 *
 * Guarantees:
 * - A row runs only after this lane has won the swap queued → running, so a
 *   call that was cancelled or taken back meanwhile is passed over and never
 *   runs twice.
 * - Nothing thrown by an engine leaves `run`: it becomes that call's error.
 */
import { Atomics, performance } from '../src/builtins.js';
import { runBatch } from '../src/engines/bound-batch.js';
import type { BoundFunction } from '../src/engines/bound-function.js';
import { clockOrigin } from '../src/shared/clock.js';
import type { BatchPlan } from '../src/shared/memory/batch-layout.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import {
  Header,
  Interrupt,
  Outcome,
  Phase,
  Request,
  RowDouble,
  RowWord,
} from '../src/shared/memory/layout.js';
import { NO_TEXT } from '../src/shared/memory/payload.js';
import { State, finish, generationIn, stateIn, transition } from '../src/shared/memory/states.js';
import { errorData } from './error-data.js';
import type { Callable, FunctionTable } from './function-table.js';
import type { HostMessages } from './host-messages.js';
import type { LaneLink } from './lane-link.js';

export class RowRunner {
  /** Calls run so far. */
  calls = 0;
  readonly #memory: LaneMemory;
  readonly #link: LaneLink;
  readonly #functions: FunctionTable;
  readonly #messages: HostMessages;
  readonly #clockOffset: number;
  #now = 0;

  /** @param origin of the host's clock. */
  constructor(
    memory: LaneMemory,
    link: LaneLink,
    functions: FunctionTable,
    messages: HostMessages,
    origin: number,
  ) {
    this.#memory = memory;
    this.#link = link;
    this.#functions = functions;
    this.#messages = messages;
    this.#clockOffset = clockOrigin() - origin;
  }

  /** The next row may be younger than the end of the last. Among rows that wait already, one reading of the clock is enough for a call. */
  forgetTime(): void {
    this.#now = 0;
  }

  run(sequence: number): void {
    const { i32, f64 } = this.#memory;
    const word = this.#memory.rowWord(sequence);
    const found = Atomics.load(i32, word + RowWord.STATE);
    if (stateIn(found) !== State.queued) return;
    // Before the call is claimed: what a library does when it is loaded is not its doing.
    if (!this.#functions.knows(i32[word + RowWord.FUNCTION] as number)) this.#messages.receive();
    const generation = generationIn(found);
    const double = this.#memory.rowDouble(sequence);
    if (this.#now === 0) this.#now = this.#clock();
    f64[double + RowDouble.STARTED] = this.#now;
    if (!transition(i32, word + RowWord.STATE, generation, State.queued, State.running)) return;
    const request = i32[word + RowWord.OUTCOME] as number;
    if ((request & Request.ANNOUNCE_START) !== 0) this.#link.ring();
    this.calls += 1;
    let bound: BoundFunction | null = null;
    let succeeded = false;
    try {
      const callable = this.#messages.functionOf(i32[word + RowWord.FUNCTION] as number);
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
    this.#functions.writer?.end();
    if (bound !== null && bound.spec.onCancel !== null) this.#closeInterrupt(word + RowWord.INTERRUPT);
    this.#now = this.#clock();
    f64[double + RowDouble.ENDED] = this.#now;
    finish(i32, word + RowWord.STATE, generation, succeeded);
  }

  /** @returns whether the function did not report failure. @throws what the engine throws. */
  #runCall({ bound, frame }: Callable, sequence: number, generation: number): boolean {
    const { i32, f64 } = this.#memory;
    const word = this.#memory.rowWord(sequence);
    const external = bound.plan.hasData && bound.hasExternals(this.#memory, sequence);
    const views = external ? this.#messages.viewsOf(sequence) : null;
    // Read late: a function may have just been bound.
    const { writer } = this.#functions;
    if (writer !== null) {
      const { stream } = bound.plan;
      const mark = stream === NO_TEXT ? 0 : f64[((i32[word + RowWord.PAYLOAD] as number) + stream) / 8];
      writer.begin(bound.spec, sequence, generation, word + RowWord.CANCEL, mark as number);
    }
    const texts = bound.invoke(frame, sequence, views);
    if (texts !== null) this.#link.post({ kind: 'texts', generation, texts });
    return ((i32[word + RowWord.OUTCOME] as number) & Outcome.NATIVE_FAILURE) === 0;
  }

  /** Which items failed is in their own outcomes. @throws what the engine throws. */
  #runBatch({ bound }: Callable, sequence: number, generation: number): void {
    const { i32 } = this.#memory;
    const word = this.#memory.rowWord(sequence);
    // A callback of an earlier call may be called by any.
    this.#functions.writer?.begin(bound.spec, sequence, generation, word + RowWord.CANCEL, 0);
    i32[Header.PHASE] = Phase.CALL;
    const lent = (): readonly Uint8Array[] => this.#messages.viewsOf(sequence) ?? [];
    runBatch(bound, bound.batch as BatchPlan, this.#memory, sequence, lent);
    i32[Header.PHASE] = Phase.ANSWER;
    i32[word + RowWord.OUTCOME] = 0;
  }

  /** After this no interrupt function runs for the row: the caller may free its handle. */
  #closeInterrupt(index: number): void {
    const { i32 } = this.#memory;
    while (Atomics.compareExchange(i32, index, Interrupt.IDLE, Interrupt.CLOSED) === Interrupt.RUNNING) {
      this.#link.wait(index, Interrupt.RUNNING);
    }
  }

  #clock(): number {
    return performance.now() + this.#clockOffset;
  }
}
