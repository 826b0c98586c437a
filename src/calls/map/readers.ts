/**
 * Who reads the results of a run one after the other: in the order in which
 * they asked.
 *
 * Guarantee: the failure of a run is told once; whoever asks then is told that
 * there is nothing more.
 */
import { Promise } from '../../builtins.js';
import { resolved } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import { NOTHING, type OrderedResults, type View } from './ordered-results.js';

interface Reader {
  readonly view: View<unknown>;
  resolve(one: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class Readers {
  readonly #results: OrderedResults;
  readonly #waiting: Reader[] = [];
  /** Whether nobody is to be told anything any more: how the run ended has been told, or whoever wanted to know has gone. */
  told = false;

  constructor(results: OrderedResults) {
    this.#results = results;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** What is there already. */
  take<T>(view: View<T>): Promise<IteratorResult<T, undefined>> | null {
    if (this.told) return resolved(DONE);
    const one = this.isEmpty ? this.#results.take(view) : NOTHING;
    return one === NOTHING ? null : resolved({ done: false, value: one });
  }

  /** What comes next. */
  wait<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ view, resolve: resolve as Reader['resolve'], reject });
    });
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
  end(failure: (() => OffthreadError) | null): void {
    if (!this.#results.isEmpty) return;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (failure === null || this.told) resolve(DONE);
      else {
        this.told = true;
        reject(failure());
      }
    }
  }
}
