/**
 * One entry of a combinator: a start that it makes, or a promise that was passed to it.
 *
 *   idle ──► running ──► settled
 *     │          └─► stopped ──► settled
 *     └─► stopped (never started)
 *
 * Guarantees: a start is made at most once, and never after `stop`. However it behaves (it throws, or returns a value,
 * a promise or an invalid thenable), the branch settles at most once, never before `begin` has returned, and its
 * failure is handled. `stop` cancels once and never throws; it also cancels the result of a start that was stopped
 * while it was being made.
 */
import { AbortController, Promise } from '../../builtins.js';
import { follow, whenSettled } from '../../promises.js';
import { cancelOwn } from '../cancellable.js';

/**
 * A function that starts an operation. It returns a native call, any promise or a value; or it throws.
 * @param signal aborts when the operation is to stop. A native call, or a run over columns, that the function returns
 * is cancelled even if it ignores the signal.
 */
export type Start<T> = (signal: AbortSignal) => PromiseLike<T> | T;

/** The result of a start, or of a promise in its place. */
export type Started<S> = S extends (...given: never[]) => infer R ? Awaited<R> : Awaited<S>;

const ignore = (): void => {};

export class Branch<T = unknown> {
  /** Whether the branch is a promise that was already running. */
  readonly given: boolean;
  /** Called when the branch has settled. */
  onSettled: (outcome: PromiseSettledResult<T>) => void = ignore;
  /** Undefined until the branch has settled. */
  outcome: PromiseSettledResult<T> | undefined;
  readonly #source: Start<T> | PromiseLike<T> | T;
  #signal: AbortController | undefined;
  /** The value that the start returned, or the promise that was passed, while it may have to be cancelled. */
  #running: unknown;
  #begun = false;
  #stopped: { readonly reason: unknown } | undefined;

  /** A source that is not a function already runs, and is taken over at once. */
  constructor(source: Start<T> | PromiseLike<T> | T) {
    this.#source = source;
    this.given = typeof source !== 'function';
    if (this.given) this.begin();
  }

  begin(): void {
    if (this.#begun || this.#stopped !== undefined) return;
    this.#begun = true;
    const promise = new Promise<T>((resolve, reject) => {
      this.#running = this.#make();
      // Other operations stop by the signal.
      if (this.#stopped !== undefined) cancelOwn(this.#running, this.#stopped.reason);
      follow(this.#running as T, resolve, reject);
    });
    void whenSettled(
      promise,
      (value) => this.#settle({ status: 'fulfilled', value }),
      (reason: unknown) => this.#settle({ status: 'rejected', reason }),
    );
  }

  /** Asks the operation to stop. */
  stop(reason: unknown): void {
    if (this.outcome !== undefined || this.#stopped !== undefined) return;
    this.#stopped = { reason };
    this.#signal?.abort(reason);
    cancelOwn(this.#running, reason);
  }

  #make(): unknown {
    const source = this.#source;
    if (typeof source !== 'function') return source;
    this.#signal = new AbortController();
    return (source as Start<T>)(this.#signal.signal);
  }

  #settle(outcome: PromiseSettledResult<T>): void {
    this.outcome = outcome;
    this.#running = undefined;
    this.onSettled(outcome);
  }
}

export function stopAll(branches: readonly Branch[], reason: unknown): void {
  for (const branch of branches) branch.stop(reason);
}
