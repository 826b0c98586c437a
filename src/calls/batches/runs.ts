/**
 * The active runs of a pool: they end with the pool.
 *
 * Guarantees: a run that starts when the pool is closed ends at once. This list does not keep a run in memory that has
 * no reader and no work in progress; it does keep a run that a reader waits for, because no other object may refer to
 * it.
 */
import type { OffthreadError } from '../../errors.js';

export interface PoolRun {
  /** Name of the function, for errors. */
  readonly name: string;
  /** The pool accepts no more calls: work in progress runs to its end, and no more is started. */
  close(error: OffthreadError): void;
  /** The pool is destroyed: work in progress is stopped. */
  stop(error: OffthreadError): void;
  /** Cancels the run, as `cancelAll` does every call. */
  cancel(reason: unknown): boolean;
}

type ErrorFor = (name: string) => OffthreadError;

export class Runs {
  readonly #runs = new Set<WeakRef<PoolRun>>();
  readonly #collected = new FinalizationRegistry<WeakRef<PoolRun>>((known) => this.#runs.delete(known));
  readonly #awaited = new Set<PoolRun>();
  #closed: ErrorFor | null = null;

  /** @returns a function that removes the run. */
  add(run: PoolRun): () => void {
    if (this.#closed !== null) {
      run.stop(this.#closed(run.name));
      return () => {};
    }
    const known = new WeakRef(run);
    this.#runs.add(known);
    this.#collected.register(run, known, known);
    return () => {
      this.#awaited.delete(run);
      this.#runs.delete(known);
      this.#collected.unregister(known);
    };
  }

  /** Whether a reader waits for the next result of a run. */
  await(run: PoolRun, awaited: boolean): void {
    if (awaited) this.#awaited.add(run);
    else this.#awaited.delete(run);
  }

  close(errorFor: ErrorFor): void {
    this.#closed = errorFor;
    for (const run of this.#all()) run.close(errorFor(run.name));
  }

  stop(errorFor: ErrorFor): void {
    for (const run of this.#all()) run.stop(errorFor(run.name));
  }

  cancel(reason: unknown): void {
    for (const run of this.#all()) run.cancel(reason);
  }

  #all(): PoolRun[] {
    return [...this.#runs].flatMap((known) => known.deref() ?? []);
  }
}
