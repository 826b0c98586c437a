/** `pool.map`: what it takes, and what it gives. */
import type { ManyProgress } from '../../options/column-options.js';
import { mapSettings } from '../../options/map-options.js';
import type { CallDispatcher } from '../dispatcher.js';
import { MapRun } from './map-run.js';
import type { Finished, View } from './ordered-results.js';
import { runnerOf } from './runner.js';

/** Items, one after the other. */
export type Items<I> = Iterable<I> | AsyncIterable<I>;

/** What an item of a native function is: its arguments as an array, or its only argument. */
export type ItemOf<A extends readonly unknown[]> = A extends readonly [infer One]
  ? One | Readonly<A>
  : Readonly<A>;

/**
 * A run over items: its results, once. It starts when the first one is asked
 * for, and a reader that stops early stops it.
 */
export interface MapResults<R> extends AsyncIterable<R>, AsyncDisposable {
  /** How far the run is, at this moment. */
  readonly progress: ManyProgress;
  /** After it has ended early: results that were there, and that its reader has not been given. */
  readonly finished: readonly Finished[];
  /** Results with the index of their item, counted from 0. */
  entries(): AsyncIterableIterator<readonly [number, R]>;
  /**
   * All results that have not been read.
   * @throws (rejects) what the run fails with; what had finished is in {@link finished} then. StreamError where results
   * have been read to their end.
   */
  toArray(): Promise<R[]>;
  /**
   * Stops the run: its reader gets a CallCancelledError, after what can still be given out. Idempotent.
   * @returns whether this stopped it.
   */
  cancel(reason?: unknown): boolean;
}

/** @throws ArgumentError, DeclarationError for wrong options, items or functions; nothing has begun then. */
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
