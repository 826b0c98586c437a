/**
 * Runs a list of starts and waits for all results.
 *
 *   running ──► done: all have settled
 *      └─► failing: one has failed, the others are asked to stop ──► failed: they have settled
 *
 * Guarantees: at most `concurrency` starts run at once, in their order. The first failure is thrown, after everything
 * that was started has settled. Only the signal and the deadline reject earlier.
 */
import { CallCancelledError } from '../../errors.js';
import { thrownText } from '../../options/checks.js';
import {
  type ParallelOptions,
  type ParallelSettings,
  parallelSettings,
} from '../../options/combinator-options.js';
import type { Task } from './bounds.js';
import { type Branch, type Start, type Started, stopAll } from './branch.js';
import { together } from './together.js';

/** The results of a list of starts or promises, in its order. */
export type ParallelResults<T extends readonly unknown[]> = { -readonly [I in keyof T]: Started<T[I]> };

/** The outcomes of a list of starts or promises, in its order. */
export type ParallelOutcomes<T extends readonly unknown[]> = {
  -readonly [I in keyof T]: PromiseSettledResult<Started<T[I]>>;
};

/**
 * Starts everything in a list, and resolves to all results, in the order of the list.
 *
 * The first failure cancels the others: their signals abort, native calls among them are cancelled, and no further
 * start is made. When all have settled, `parallel` rejects with this failure. With `settle: true`, a failure stops
 * nothing, and the result has a record for each entry, as with `Promise.allSettled`. In both modes, an abort of
 * `signal` and the `deadline` reject at once.
 *
 * @param starts functions, each called with a signal of its own; or promises and calls that already run, which are
 * taken over: they are cancelled with the others, and do not count for `concurrency`. An empty list resolves to an
 * empty list.
 * @throws (rejects) the first failure, unchanged; ArgumentError, with nothing started; CallCancelledError with the
 * signal's reason as `cause`; CallTimeoutError with code `OFFTHREAD_DEADLINE`.
 */
export function parallel<const T extends readonly (Start<unknown> | PromiseLike<unknown>)[]>(
  starts: T,
  options?: ParallelOptions & { readonly settle?: false },
): Promise<ParallelResults<T>>;
export function parallel<const T extends readonly (Start<unknown> | PromiseLike<unknown>)[]>(
  starts: T,
  options: ParallelOptions & { readonly settle: true },
): Promise<ParallelOutcomes<T>>;
export function parallel<const T extends readonly (Start<unknown> | PromiseLike<unknown>)[]>(
  starts: T,
  options?: ParallelOptions,
): Promise<ParallelResults<T> | ParallelOutcomes<T>>;
export function parallel(starts: unknown, options?: ParallelOptions): Promise<unknown> {
  return together<ParallelSettings, unknown[]>(
    'parallel',
    starts,
    () => parallelSettings(options),
    (branches, settings) => (resolve, reject) => new All(branches, settings, resolve, reject),
  );
}

class All implements Task {
  readonly #branches: readonly Branch[];
  readonly #settings: ParallelSettings;
  readonly #resolve: (results: unknown[]) => void;
  readonly #reject: (reason: unknown) => void;
  /** Index of the next entry that may have to be started. */
  #next = 0;
  /** Number of entries that run: started and not settled. */
  #running = 0;
  /** Number of running entries that count for `concurrency`. */
  #places = 0;
  #failure: PromiseRejectedResult | undefined;
  /** The signal has aborted or the deadline has passed: later outcomes are ignored. */
  #over = false;

  constructor(
    branches: readonly Branch[],
    settings: ParallelSettings,
    resolve: (results: unknown[]) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#branches = branches;
    this.#settings = settings;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    for (const branch of this.#branches) {
      branch.onSettled = (outcome) => this.#settled(branch, outcome);
      if (branch.given) this.#running += 1;
    }
    this.#goOn();
  }

  /** The signal has aborted or the deadline has passed. An earlier failure takes precedence. */
  stop(reason: unknown): void {
    this.#over = true;
    stopAll(this.#branches, reason);
    if (this.#failure !== undefined) this.#reject(this.#failure.reason);
  }

  #settled(branch: Branch, outcome: PromiseSettledResult<unknown>): void {
    if (this.#over) return;
    this.#running -= 1;
    if (!branch.given) this.#places -= 1;
    if (outcome.status === 'rejected' && !this.#settings.settle) this.#fail(outcome);
    this.#goOn();
  }

  #fail(failure: PromiseRejectedResult): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#next = this.#branches.length;
    const { reason } = failure;
    const why = thrownText(reason).replace(/\.$/, '');
    stopAll(
      this.#branches,
      new CallCancelledError(`Another start of parallel failed first: ${why}.`, { cause: reason }),
    );
  }

  #goOn(): void {
    // A start may abort the signal itself.
    while (!this.#over && this.#next < this.#branches.length && this.#places < this.#settings.concurrency) {
      const branch = this.#branches[this.#next++] as Branch;
      if (branch.given) continue;
      this.#running += 1;
      this.#places += 1;
      branch.begin();
    }
    if (this.#running > 0 || this.#next < this.#branches.length) return;
    if (this.#failure !== undefined) this.#reject(this.#failure.reason);
    else this.#resolve(this.#results());
  }

  #results(): unknown[] {
    const outcomes = this.#branches.map(({ outcome }) => outcome as PromiseSettledResult<unknown>);
    if (this.#settings.settle) return outcomes;
    return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value);
  }
}
