/**
 * Who reads the results of a run: readers, one result after the other, in the
 * order in which they asked; or one that gets all of them in the end.
 *
 * Guarantee: the failure of a run is told once; whoever asks then is told that
 * there is nothing more.
 */
import { Promise } from '../../builtins.js';
import { rejected, resolved } from '../../promises.js';
import { readBefore } from '../batches/run-errors.js';
import type { Failure } from '../batches/run-failures.js';
import { type Finished, NOTHING, type OrderedResults, type View } from './ordered-results.js';

interface Reader {
  readonly view: View<unknown>;
  resolve(one: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class Readers {
  readonly #name: string;
  readonly #results: OrderedResults;
  readonly #waiting: Reader[] = [];
  /** Nothing more is reported: the end of the run has been reported, or its reader has stopped reading. */
  #told = false;

  constructor(name: string, results: OrderedResults) {
    this.#name = name;
    this.#results = results;
  }

  /** Whether a reader waits for the next result. */
  get areWaiting(): boolean {
    return this.#results.keepsAll || this.#waiting.length > 0;
  }

  /** Results that were there when the run ended early, and that were not delivered, and will not be. */
  get leftOver(): readonly Finished[] {
    return this.#told ? this.#results.leftOver() : [];
  }

  /** What is there already; null where that is nothing. */
  take<T>(view: View<T>): Promise<IteratorResult<T, undefined>> | null {
    if (this.#results.keepsAll) return rejected(readBefore(this.#name));
    if (this.#told) return resolved(DONE);
    const one = this.#waiting.length === 0 ? this.#results.take(view) : NOTHING;
    return one === NOTHING ? null : resolved({ done: false, value: one });
  }

  /** What comes next. */
  wait<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ view, resolve: resolve as Reader['resolve'], reject });
    });
  }

  /** All that is not read yet is kept for one reader. @throws StreamError where there is another. */
  keepAll(): void {
    if (this.#told || this.areWaiting) throw readBefore(this.#name);
    this.#results.keepsAll = true;
  }

  /** All that was kept. @param expected how many there are, where that is known. @throws what the run failed with. */
  takeAll(failure: Failure | null, expected: number | undefined): unknown[] {
    this.#told = true;
    if (failure !== null) throw failure();
    // What was there before anybody wanted all of it.
    this.#results.keep();
    return this.#results.collect(expected);
  }

  /** Reading has ended. */
  leave(): void {
    this.#told = true;
  }

  /** Gives out what there is. @returns whether that was anything. */
  serve(): boolean {
    let given = false;
    for (let [reader] = this.#waiting; reader !== undefined; [reader] = this.#waiting) {
      const one = this.#results.take(reader.view);
      if (one === NOTHING) break;
      this.#waiting.shift();
      reader.resolve({ done: false, value: one });
      given = true;
    }
    return given;
  }

  /** The run is over: those that still wait, once all has been given out, are told how. */
  end(failure: Failure | null): void {
    if (!this.#results.isEmpty) return;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (failure === null || this.#told) resolve(DONE);
      else {
        this.#told = true;
        reject(failure());
      }
    }
  }
}
