/**
 * Repeats an operation until it succeeds.
 *
 *   attempt ──► succeeded
 *      ▲  └─► failed ──► last attempt ──────────► its error is thrown
 *      │                 └─► rule: no ──────────► its error is thrown
 *      └──── wait ◄────────── rule: yes
 *
 * Guarantees: an attempt starts only after the previous one has settled, and after at least one turn of the event loop.
 * The signal and the deadline end each step at once.
 */
import { Math, clearTimeout, setTimeout } from '../../builtins.js';
import { ArgumentError } from '../../errors.js';
import { show } from '../../options/checks.js';
import { type RetryOptions, type RetrySettings, retrySettings } from '../../options/retry-options.js';
import { Bounds } from './bounds.js';
import { Branch } from './branch.js';
import { ask } from './rule.js';

/**
 * Starts an operation, and starts it again after a failure. The wait before each further attempt grows.
 *
 * @param start makes one attempt. It receives the number of the attempt, from 1, and a signal that aborts when the
 * attempt is to stop; a native call that it returns is cancelled even if `start` ignores the signal.
 * @returns the result of the first attempt that succeeds.
 * @throws (rejects) the error of the last attempt, unchanged; the error that `when` throws, with the attempt's error as
 * `cause` unless it has one; ArgumentError, with nothing started; CallCancelledError with the signal's reason as
 * `cause`; CallTimeoutError with code `OFFTHREAD_DEADLINE` and the last attempt's error as `cause`.
 */
export async function retry<T>(
  start: (signal: AbortSignal, attempt: number) => PromiseLike<T> | T,
  options?: RetryOptions,
): Promise<T> {
  requireStart(start);
  return await new Attempts(start, retrySettings(options)).run();
}

class Attempts<T> {
  readonly #start: (signal: AbortSignal, attempt: number) => PromiseLike<T> | T;
  readonly #settings: RetrySettings;
  readonly #bounds: Bounds;
  #attempt = 0;
  #where = 'before its first attempt';
  #failure: unknown;

  constructor(start: (signal: AbortSignal, attempt: number) => PromiseLike<T> | T, settings: RetrySettings) {
    this.#start = start;
    this.#settings = settings;
    this.#bounds = new Bounds('retry', settings, () => ({ where: this.#where, cause: this.#failure }));
  }

  async run(): Promise<T> {
    const { attempts, when, factor, maxDelay, delay } = this.#settings;
    try {
      for (let wait = Math.min(delay, maxDelay); ; wait = Math.min(wait * factor, maxDelay)) {
        const outcome = await this.#makeAttempt();
        if (outcome.status === 'fulfilled') return outcome.value;
        this.#failure = outcome.reason;
        if (this.#attempt >= attempts) throw outcome.reason;
        this.#where = `after attempt ${this.#attempt}`;
        const again = await this.#bounds.run<boolean>(ask(when, outcome.reason, this.#attempt));
        if (!again) throw outcome.reason;
        await this.#wait(wait);
      }
    } finally {
      this.#bounds.release();
    }
  }

  #makeAttempt(): Promise<PromiseSettledResult<T>> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#where = `in attempt ${attempt}`;
    return this.#bounds.run((resolve) => {
      const branch = new Branch<T>((signal: AbortSignal) => this.#start(signal, attempt));
      branch.onSettled = resolve;
      return branch;
    });
  }

  #wait(ms: number): Promise<void> {
    const share = this.#settings.jitter ? 1 - Math.random() / 2 : 1;
    return this.#bounds.run((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      return {
        begin: () => {
          timer = setTimeout(resolve, ms * share);
        },
        stop: () => clearTimeout(timer),
      };
    });
  }
}

/** @throws ArgumentError if the value is not a function. */
function requireStart(start: unknown): void {
  if (typeof start === 'function') return;
  const error = new ArgumentError(
    `retry received ${show(start)}. Pass a function that starts a new attempt each time, as in () => lib.f(1).`,
  );
  // Takes over a promise that already runs, so that its rejection is not unhandled.
  new Branch(start).stop(error);
  throw error;
}
