/**
 * The runs of a pool that go on: they end with it, whatever they run.
 *
 * Guarantee: a run that begins when the pool is closed ends at once.
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
  readonly #runs = new Set<PoolRun>();
  #closed: ErrorFor | null = null;

  add(run: PoolRun): void {
    this.#runs.add(run);
    if (this.#closed !== null) run.stop(this.#closed(run.name));
  }

  remove(run: PoolRun): void {
    this.#runs.delete(run);
  }

  close(errorFor: ErrorFor): void {
    this.#closed = errorFor;
    for (const run of [...this.#runs]) run.close(errorFor(run.name));
  }

  stop(errorFor: ErrorFor): void {
    for (const run of [...this.#runs]) run.stop(errorFor(run.name));
  }

  cancel(reason: unknown): void {
    for (const run of [...this.#runs]) run.cancel(reason);
  }
}
