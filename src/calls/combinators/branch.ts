/**
 * One of the things that a combinator runs: a start that it makes, or a promise
 * that was given to it.
 *
 *   idle ──► running ──► settled
 *     │          └─► stopped ──► settled
 *     └─► stopped (never begun)
 *
 * Guarantees: a start is made at most once, and never after `stop`. Whatever it
 * does (throws, answers with a value, a promise or a thenable that keeps no
 * rule), it settles at most once, never before `begin` has returned, and its
 * failure is handled. `stop` asks once and never throws; also of what a start
 * answers with that was stopped while it was being made.
 */
import { AbortController, Promise } from '../../builtins.js';
import { follow, whenSettled } from '../../promises.js';
import { cancelOwn } from '../cancellable.js';

/**
 * Something that can be started. What it answers with may be a native call, any promise or a value; or it throws.
 * @param signal its own; aborts when it is to stop. A native call, or a run over columns, that it answers with is
 * cancelled without it.
 */
export type Start<T> = (signal: AbortSignal) => PromiseLike<T> | T;

/** What a start, or a promise in its place, resolves to. */
export type Started<S> = S extends (...given: never[]) => infer R ? Awaited<R> : Awaited<S>;

const ignore = (): void => {};

export class Branch<T = unknown> {
  /** Whether it was running when it was given. */
  readonly given: boolean;
  /** Told once it has settled. */
  onSettled: (outcome: PromiseSettledResult<T>) => void = ignore;
  /** Undefined until it has settled. */
  outcome: PromiseSettledResult<T> | undefined;
  readonly #source: Start<T> | PromiseLike<T> | T;
  #signal: AbortController | undefined;
  /** What the start has answered with, or the promise that was given; while it may have to be stopped. */
  #running: unknown;
  #begun = false;
  #stopped: { readonly reason: unknown } | undefined;

  /** A value that is not a function runs already, and is taken over at once. */
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
      // What is not offthread's has the signal.
      if (this.#stopped !== undefined) cancelOwn(this.#running, this.#stopped.reason);
      follow(this.#running as T, resolve, reject);
    });
    void whenSettled(
      promise,
      (value) => this.#settle({ status: 'fulfilled', value }),
      (reason: unknown) => this.#settle({ status: 'rejected', reason }),
    );
  }

  /** Asks it to stop. */
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
