/**
 * What a module's function can learn of its call, and say: the functions of `offthread/lane`.
 *
 *   no call ──begun──► current ──ended──► no call
 *
 * A lane serves one call at a time, so the current call is a variable.
 */
import { AbortController, AbortSignal, Atomics } from '../../src/builtins.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { RowDouble, RowWord, StopCause } from '../../src/shared/memory/layout.js';

export class CallContext {
  readonly sequence: number;
  readonly generation: number;
  readonly #memory: LaneMemory;
  readonly #flag: number;
  readonly #double: number;
  #controller: AbortController | undefined;
  #tripwire: Int32Array | undefined;
  /** Whether the row belongs to another call by now. */
  #over = false;
  /** The cause with which it ended. */
  #cause = 0;

  constructor(memory: LaneMemory, sequence: number, generation: number) {
    this.sequence = sequence;
    this.generation = generation;
    this.#memory = memory;
    this.#flag = memory.rowWord(sequence) + RowWord.CANCEL;
    this.#double = memory.rowDouble(sequence);
  }

  /** Whether the call has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Why the call is to stop; 0 if it is not. */
  get cause(): number {
    return this.#over ? this.#cause : Atomics.load(this.#memory.i32, this.#flag);
  }

  /** A signal that aborts once the call is to stop. Its `aborted` can be polled by code that does not return to the event loop. */
  get signal(): AbortSignal {
    this.#controller ??= this.#makeController();
    return this.#controller.signal;
  }

  /** The int32 in shared memory that is not 0 once the call is to stop. */
  get tripwire(): Int32Array {
    this.#tripwire ??= new Int32Array(this.#memory.buffer, this.#flag * 4, 1);
    return this.#tripwire;
  }

  progress(done: number, total: number): void {
    if (this.#over) return;
    const { f64 } = this.#memory;
    f64[this.#double + RowDouble.TOTAL] = total;
    f64[this.#double + RowDouble.DONE] = done;
  }

  /** Aborts the signal if the call is to stop. @returns whether it is. */
  check(): boolean {
    const { cause } = this;
    if (cause === 0) return false;
    const controller = this.#controller;
    if (controller !== undefined && !controller.signal.aborted) controller.abort(stopReason(cause));
    return true;
  }

  /** The call has ended: from here on its row may belong to another call. */
  end(): void {
    this.#cause = this.cause;
    this.#over = true;
  }

  #makeController(): AbortController {
    const controller = new AbortController();
    const { signal } = controller;
    Object.defineProperties(signal, {
      aborted: {
        get: (): boolean => {
          if (!isAborted(signal) && this.cause !== 0) controller.abort(stopReason(this.cause));
          return isAborted(signal);
        },
      },
      throwIfAborted: {
        value: (): void => {
          if (signal.aborted) throw signal.reason as DOMException;
        },
      },
    });
    // A call that was stopped before somebody asked for its signal.
    if (this.cause !== 0) controller.abort(stopReason(this.cause));
    return controller;
  }
}

const abortedOf = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get as (
  this: AbortSignal,
) => boolean;

/** What the signal itself says. */
const isAborted = (signal: AbortSignal): boolean => abortedOf.call(signal);

/** Why a call is to stop, as AbortSignals say it. */
export function stopReason(cause: number): DOMException {
  return cause === StopCause.TIMED_OUT
    ? new DOMException('The call was stopped: its time is over.', 'TimeoutError')
    : new DOMException('The call was cancelled.', 'AbortError');
}

let current: CallContext | null = null;
/** The call whose code runs; null between calls. */
export function currentCall(): CallContext | null {
  return current;
}

/** Runs code of a call. */
export function inCall<T>(call: CallContext, run: () => T): T {
  current = call;
  return run();
}

/** The code of a call has ended. */
export function leaveCall(call: CallContext): void {
  call.end();
  if (current === call) current = null;
}
