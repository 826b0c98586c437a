/**
 * The runs of a pool that go on: they end with it, whatever they run.
 *
 * Guarantees: a run that begins when the pool is closed ends at once. One that
 * nobody reads any more, and of which nothing is under way, is not kept alive
 * by being known here; one that somebody waits for is, since nothing else may.
 */
import type { OffthreadError } from '../../errors.js';

export interface PoolRun {
  /** Of what it runs, for errors. */
  readonly name: string;
  /** The pool takes no more calls: what is under way comes to its end, and nothing else begins. */
  close(error: OffthreadError): void;
  /** The pool is destroyed: what is under way is to stop. */
  stop(error: OffthreadError): void;
  /** Every call of the pool is cancelled. */
  cancel(reason: unknown): boolean;
}

type ErrorFor = (name: string) => OffthreadError;

export class Runs {
  readonly #runs = new Set<WeakRef<PoolRun>>();
  readonly #collected = new FinalizationRegistry<WeakRef<PoolRun>>((known) => this.#runs.delete(known));
  readonly #awaited = new Set<PoolRun>();
  #closed: ErrorFor | null = null;

  /** @returns what takes it out again. */
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
