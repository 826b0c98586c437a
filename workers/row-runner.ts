/**
 * Runs the call of a row, and stores the result in the row.
 *
 *   queued ──claimed──► running ──► native code ──► interrupt closed ──► ended
 *
 * Guarantees:
 * - A row runs only after this lane has won the swap queued → running, so a call that was cancelled or withdrawn is
 *   skipped and never runs twice.
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
import type { ModuleRows } from './modules/module-rows.js';

/** A row has not been started. */
export const NOT_YET: unique symbol = Symbol('not yet');

export class RowRunner {
  /** Number of calls run so far. */
  calls = 0;
  /** ms without a call before the rows that ran last. */
  pauseMs = 0;
  readonly #memory: LaneMemory;
  readonly #link: LaneLink;
  readonly #functions: FunctionTable;
  readonly #messages: HostMessages;
  readonly #clockOffset: number;
  #now = 0;
  /** When the call before the pause ended. */
  #before = 0;

  /** The modules of this lane, and what calls their functions; null while it has none. */
  modules: ModuleRows | null = null;

  /** @param origin the origin of the host's clock. */
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

  /**
   * The next row may be newer than the end of the last one, so the clock must be read again. For rows that already
   * wait, one reading per call is enough.
   */
  forgetTime(): void {
    this.#before = this.#now;
    this.#now = 0;
  }

  /** @returns a promise if the call goes on, which resolves when it has ended; null if it has ended, or was skipped; NOT_YET if it may not start now. */
  run(sequence: number): Promise<void> | typeof NOT_YET | null {
    const { i32, f64 } = this.#memory;
    const word = this.#memory.rowWord(sequence);
    const found = Atomics.load(i32, word + RowWord.STATE);
    if (stateIn(found) !== State.queued) return null;
    // Before the call is claimed: it is not responsible for what a library does when it is loaded.
    const number = i32[word + RowWord.FUNCTION] as number;
    const own = this.modules?.table.find(number);
    if (own === undefined && !this.#functions.knows(number)) {
      this.#messages.receive();
      // The function of a module that the lane has just heard of.
      if (this.modules?.mayStart(sequence) === false) return NOT_YET;
    }
    const generation = generationIn(found);
    const double = this.#memory.rowDouble(sequence);
    if (this.#now === 0) {
      this.#now = this.#clock();
      this.pauseMs = this.#now - this.#before;
    }
    f64[double + RowDouble.STARTED] = this.#now;
    if (!transition(i32, word + RowWord.STATE, generation, State.queued, State.running)) return null;
    const request = i32[word + RowWord.OUTCOME] as number;
    if ((request & Request.ANNOUNCE_START) !== 0) this.#link.ring();
    this.calls += 1;
    if (own !== undefined) {
      i32[Header.PHASE] = Phase.CALL;
      const ended = (this.modules as ModuleRows).runner.run(own, sequence, generation);
      if (typeof ended !== 'boolean') return this.#endLater(ended, sequence, generation);
      this.#end(sequence, generation, ended);
      return null;
    }
    let bound: BoundFunction | null = null;
    let succeeded = false;
    try {
      const callable = this.#messages.functionOf(number);
      bound = callable.bound;
      if ((request & Request.BATCH) !== 0) {
        this.#runBatch(callable, sequence, generation);
        succeeded = true;
      } else succeeded = this.#runCall(callable, sequence, generation);
    } catch (error) {
      const returned = i32[Header.PHASE] === Phase.ANSWER;
      i32[word + RowWord.OUTCOME] = returned ? Outcome.THREW | Outcome.ANSWER_LOST : Outcome.THREW;
      // If not even this can be sent, the lane cannot serve: the error ends the lane, and the call with it.
      this.#link.post({ kind: 'error', generation, error: errorData(error) });
    }
    this.#functions.writer?.end();
    if (bound !== null && bound.spec.onCancel !== null) this.#closeInterrupt(word + RowWord.INTERRUPT);
    this.#end(sequence, generation, succeeded);
    return null;
  }

  #end(sequence: number, generation: number, succeeded: boolean): void {
    const { i32, f64 } = this.#memory;
    this.#now = this.#clock();
    f64[this.#memory.rowDouble(sequence) + RowDouble.ENDED] = this.#now;
    finish(i32, this.#memory.rowWord(sequence) + RowWord.STATE, generation, succeeded);
  }

  async #endLater(ended: Promise<boolean>, sequence: number, generation: number): Promise<void> {
    this.#end(sequence, generation, await ended);
  }

  /** @returns false if the function reported failure. @throws the error of the engine. */
  #runCall({ bound, frame }: Callable, sequence: number, generation: number): boolean {
    const { i32, f64 } = this.#memory;
    const word = this.#memory.rowWord(sequence);
    // Read here, because the function may just have been bound.
    const { writer } = this.#functions;
    if (writer !== null) {
      const { stream } = bound.plan;
      const mark = stream === NO_TEXT ? 0 : f64[((i32[word + RowWord.PAYLOAD] as number) + stream) / 8];
      writer.begin(bound.spec, sequence, generation, word + RowWord.CANCEL, mark as number);
    }
    const texts = bound.invoke(frame, sequence);
    if (texts !== null) this.#link.post({ kind: 'texts', generation, texts });
    return ((i32[word + RowWord.OUTCOME] as number) & Outcome.NATIVE_FAILURE) === 0;
  }

  /** Each item's outcome says whether it failed. @throws the error of the engine. */
  #runBatch({ bound }: Callable, sequence: number, generation: number): void {
    const { i32 } = this.#memory;
    const word = this.#memory.rowWord(sequence);
    // Any call may run a callback of an earlier call.
    this.#functions.writer?.begin(bound.spec, sequence, generation, word + RowWord.CANCEL, 0);
    i32[Header.PHASE] = Phase.CALL;
    const lent = (): readonly Uint8Array[] => this.#messages.columnsOf(sequence);
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
