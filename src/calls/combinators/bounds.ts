/**
 * A signal and a deadline over the whole of a combinator.
 *
 *   open ──► over: the signal has aborted, or the deadline has passed
 *     └────► released: the combinator has ended
 *
 * Guarantees: the first of signal and deadline counts. The task is stopped before the promise of `run` rejects, and no
 * task starts after that. There is one listener on the signal, and after `release` no listener and no timer.
 */
import { Date, Math, Promise, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { CallCancelledError, CallTimeoutError, type OffthreadError } from '../../errors.js';
import type { Deadline } from '../../options/call-options.js';
import { LONGEST_MS } from '../../options/checks.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import { reasonText } from '../call.js';
import { type Abortable, linkSignal, unlinkSignal } from '../signals.js';

/** The options that bound a combinator. */
export interface BoundsSettings {
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline;
}

/** For the error of the deadline: the current step ('in attempt 2'), and a likely cause of the delay. */
export interface Whereabouts {
  readonly where: string;
  readonly cause?: unknown;
}

/** The end of a combinator by its signal or deadline. */
interface Over {
  readonly error: OffthreadError;
  /** The reason for cancelling the task: the signal's reason, or the error. */
  readonly reason: unknown;
}

/** A task that runs within bounds. */
export interface Task {
  begin(): void;
  /** Ends the task, also before or during `begin`. It may settle the promise itself. */
  stop(reason: unknown): void;
}

/** Makes a task that settles a promise. */
export type MakeTask<T> = (resolve: (value: T) => void, reject: (reason: unknown) => void) => Task;

export class Bounds implements Abortable {
  readonly #what: string;
  readonly #whereabouts: () => Whereabouts;
  readonly #signal: AbortSignal | undefined;
  readonly #begunAt: number = performance.now();
  /** ms on the clock of `performance.now()`. */
  readonly #deadlineAt: number;
  #timer: NodeJS.Timeout | undefined;
  #over: Over | undefined;
  /** Ends the task that runs. */
  #end: ((over: Over) => void) | undefined;

  /** @param what the name of the combinator. */
  constructor(what: string, { signal, deadline }: BoundsSettings, whereabouts: () => Whereabouts) {
    this.#what = what;
    this.#whereabouts = whereabouts;
    this.#signal = signal;
    this.#deadlineAt = this.#begunAt + msUntil(deadline);
    if (signal !== undefined && hasAborted(signal)) {
      const message = `${what} was not started: its signal had already aborted.`;
      const cause = abortReason(signal);
      this.#finish(new CallCancelledError(message, { cause }), cause);
    } else if (this.#deadlineAt <= this.#begunAt) {
      const message = `${what} was not started: its deadline had already passed.`;
      const error = new CallTimeoutError(message, { code: 'OFFTHREAD_DEADLINE' });
      this.#finish(error, error);
    } else {
      if (signal !== undefined) linkSignal(signal, this);
      this.#watchDeadline();
    }
  }

  /**
   * Runs a task within the bounds, one at a time. If the signal has already aborted or the deadline has passed, the
   * task is stopped and not started.
   */
  run<T>(make: MakeTask<T>): Promise<T> {
    this.#checkDeadline();
    return new Promise<T>((resolve, reject) => {
      const task = make(resolve, reject);
      this.#end = ({ error, reason }) => {
        task.stop(reason);
        reject(error);
      };
      if (this.#over === undefined) task.begin();
      else this.#end(this.#over);
    });
  }

  /** The signal has aborted. */
  abort(reason: unknown): void {
    const why = reasonText(reason);
    const { where } = this.#whereabouts();
    const message = `${this.#what} was cancelled ${where}${why === '' ? '' : `: ${why}`}.`;
    this.#finish(new CallCancelledError(message, { cause: reason }), reason);
  }

  /** The combinator has ended: removes the listener and the timer. */
  release(): void {
    clearTimeout(this.#timer);
    if (this.#signal !== undefined) unlinkSignal(this.#signal, this);
  }

  #watchDeadline(): void {
    this.#checkDeadline();
    if (this.#over !== undefined || this.#deadlineAt === Infinity) return;
    const rest = Math.ceil(this.#deadlineAt - performance.now());
    this.#timer = setTimeout(() => this.#watchDeadline(), Math.min(rest, LONGEST_MS));
  }

  #checkDeadline(): void {
    if (this.#over !== undefined || performance.now() < this.#deadlineAt) return;
    const { where, cause } = this.#whereabouts();
    const ms = Math.round(this.#deadlineAt - this.#begunAt);
    const message = `${this.#what} passed its deadline of ${ms} ms ${where}. Allow more time, or check what it waits for.`;
    const error = new CallTimeoutError(message, { code: 'OFFTHREAD_DEADLINE', cause });
    this.#finish(error, error);
  }

  #finish(error: OffthreadError, reason: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { error, reason };
    this.release();
    this.#end?.(this.#over);
  }
}

function msUntil(deadline: Deadline): number {
  if (deadline === undefined) return Infinity;
  return typeof deadline === 'number' ? deadline : deadline.getTime() - Date.now();
}
