/**
 * The readers of the results of a run: either each request receives one result, in the order of the requests; or one
 * reader receives all results at the end.
 *
 * Guarantee: the failure of a run is reported once; later requests find that there are no more results.
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

  /** Results that the run had when it ended early and that will not be delivered. */
  get leftOver(): readonly Finished[] {
    return this.#told ? this.#results.leftOver() : [];
  }

  /** A result that is available now; null if there is none. */
  take<T>(view: View<T>): Promise<IteratorResult<T, undefined>> | null {
    if (this.#results.keepsAll) return rejected(readBefore(this.#name));
    if (this.#told) return resolved(DONE);
    const one = this.#waiting.length === 0 ? this.#results.take(view) : NOTHING;
    return one === NOTHING ? null : resolved({ done: false, value: one });
  }

  /** Waits for the next result. */
  wait<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ view, resolve: resolve as Reader['resolve'], reject });
    });
  }

  /** Keeps all unread results for one reader. @throws StreamError if there is another reader. */
  keepAll(): void {
    if (this.#told || this.areWaiting) throw readBefore(this.#name);
    this.#results.keepsAll = true;
  }

  /** All kept results. @param expected their number, if it is known. @throws the error of the run. */
  takeAll(failure: Failure | null, expected: number | undefined): unknown[] {
    this.#told = true;
    if (failure !== null) throw failure();
    // Results that were available before the reader requested all of them.
    this.#results.keep();
    return this.#results.collect(expected);
  }

  /** The reader has stopped reading. */
  leave(): void {
    this.#told = true;
  }

  /** Delivers the available results. @returns whether there were any. */
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

  /** The run has ended: after all results have been delivered, the waiting readers are told its outcome. */
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
