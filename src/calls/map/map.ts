/** The types and the entry point of `pool.map`. */
import type { ManyProgress } from '../../options/column-options.js';
import { mapSettings } from '../../options/map-options.js';
import type { CallDispatcher } from '../dispatcher.js';
import { MapRun } from './map-run.js';
import type { Finished, View } from './ordered-results.js';
import { runnerOf } from './runner.js';

/** A sequence of items. */
export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** An item of a native function: the array of its arguments, or its only argument. */
export type ItemOf<A extends readonly unknown[]> = A extends readonly [infer One]
  ? One | Readonly<A>
  : Readonly<A>;

/**
 * The results of a run over items, which can be read once. The run starts when the first result is requested. A reader
 * that stops early stops the run.
 */
export interface MapResults<R> extends AsyncIterable<R>, AsyncDisposable {
  /** The current progress of the run. */
  readonly progress: ManyProgress;
  /** After the run has ended early: results that were not delivered. */
  readonly finished: readonly Finished[];
  /** The results, each with the index of its item, from 0. */
  entries(): AsyncIterableIterator<readonly [number, R]>;
  /**
   * All results that have not been read.
   * @throws (rejects) the error of the run; {@link finished} then has the undelivered results. StreamError if the
   * results have been read to the end.
   */
  toArray(): Promise<R[]>;
  /**
   * Stops the run: after the results that can still be delivered, the reader receives a CallCancelledError. Idempotent.
   * @returns whether this call stopped the run.
   */
  cancel(reason?: unknown): boolean;
}

/** @throws ArgumentError, DeclarationError for invalid options, items or functions; nothing has started then. */
export function map(
  dispatcher: CallDispatcher,
  fn: unknown,
  items: unknown,
  options: unknown,
): MapResults<unknown> {
  const settings = mapSettings(options);
  const run = new MapRun(runnerOf(dispatcher, fn, settings.concurrency), items, settings, dispatcher.runs);
  return {
    get progress() {
      return run.progress;
    },
    get finished() {
      return run.finished;
    },
    [Symbol.asyncIterator]: () => iterator(run, (value) => value),
    entries: () => iterator(run, (value, index) => [index, value] as const),
    cancel: (reason) => run.cancel(reason),
    [Symbol.asyncDispose]: () => run.leave(),
    toArray: () => run.collect(),
  };
}

function iterator<T>(run: MapRun, view: View<T>): AsyncIterableIterator<T> {
  const self: AsyncIterableIterator<T> = {
    next: () => run.next(view),
    async return() {
      await run.leave();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => self,
  };
  return self;
}
