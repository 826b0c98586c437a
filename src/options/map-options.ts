/** Options of `pool.map`. */
import type { ErrorKind } from '../errors.js';
import { type RetriesByKind, takeAttempts } from './attempts.js';
import { abortSignal, flag, known, optionalFunction, quantity } from './checks.js';
import { type ManyProgress, type OnFailure, concurrencyOf, onErrorOf } from './column-options.js';
import { type Again, againOf } from './map-attempts.js';

/** How often, and after which waits, items that fail with errors of one kind are started. */
export interface MapAttempts {
  /** Maximum number of starts of an item, including the first: 1 to 1,000,000, or Infinity. */
  readonly attempts: number;
  /** ms before the second start. Default 100. */
  readonly delay?: number;
  /** Factor by which each further wait grows. Default 2. */
  readonly factor?: number;
  /** The longest wait, in ms. Default 30,000. */
  readonly maxDelay?: number;
}

/** A retry of an item. */
export interface MapRetry {
  /** Number of times that the item has failed so far, from 1. */
  readonly failures: number;
  /** ms until it is run again. */
  readonly wait: number;
}

/** Attempts by the kind of an offthread error; `other` applies to all other errors. */
export type AttemptsByKind = { readonly [K in ErrorKind | 'other']?: number | MapAttempts };

/** Options of `pool.map`; `I` is an item, `R` a result. */
export interface MapOptions<I = unknown, R = unknown> {
  /**
   * Maximum number of items in progress at once: a whole number from 1. Default: for native functions that take and
   * return only numbers, as many as keep the lanes busy; for other functions, four per lane. Never more than fit in the
   * pool's queue.
   */
  readonly concurrency?: number;
  /** Whether results are delivered in the order of the items (default), or as soon as they are available. */
  readonly ordered?: boolean;
  /** Stops the run when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * Maximum number of starts of an item, including the first, if its error is one that a retry may resolve; or such a
   * number for each kind of error. 1 to 1,000,000, or Infinity. Default 1.
   */
  readonly attempts?: number | AttemptsByKind;
  /** @deprecated Use `attempts`, which includes the first start: `retries: 1` is `attempts: 2`. */
  readonly retries?: number | RetriesByKind;
  /**
   * The effect of an item that fails for good: `stop` (default) ends the run with an ItemsError, `skip` omits the item;
   * a function is called for each such item, and may also return `{ value }` as a replacement for the result.
   */
  readonly onError?:
    | OnFailure
    | ((error: unknown, item: I, index: number) => OnFailure | { readonly value: R });
  /**
   * Called when an item has failed and is run again. A promise that it returns is not awaited; if it throws, the run ends.
   */
  readonly onRetry?: (error: unknown, item: I, index: number, retry: MapRetry) => unknown;
  /**
   * Maximum number of failed items; below 1, a share of all items, which is checked at the end if the number of items
   * is not known before. Default: no limit.
   */
  readonly maxFailures?: number;
  /**
   * Called about ten times a second while items finish, and once after the last. A promise that it returns is not
   * awaited.
   */
  readonly onProgress?: (progress: ManyProgress) => unknown;
}

/** Options, checked. */
export interface MapSettings {
  /** Infinity: chosen by the kind of function. */
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly signal: AbortSignal | undefined;
  readonly again: Again;
  /** Whether every failed item is omitted, without calling a function. */
  readonly skips: boolean;
  readonly onError: (error: unknown, item: unknown, index: number) => unknown;
  readonly onRetry: ((error: unknown, item: unknown, index: number, retry: MapRetry) => unknown) | undefined;
  readonly maxFailures: number;
  readonly onProgress: ((progress: ManyProgress) => unknown) | undefined;
}

const MAP_OPTIONS = [
  'concurrency',
  'ordered',
  'signal',
  'attempts',
  'retries',
  'onError',
  'onRetry',
  'maxFailures',
  'onProgress',
] as const satisfies (keyof MapOptions)[];

/** @throws ArgumentError naming the option. */
export function mapSettings(options: unknown): MapSettings {
  const given = known('map option', options, MAP_OPTIONS);
  const name = takeAttempts(given, 'retries');
  return {
    concurrency: concurrencyOf(given['concurrency']),
    ordered: flag('ordered', given['ordered'], true),
    signal: abortSignal(given['signal']),
    again: againOf(name, given['attempts']),
    skips: given['onError'] === 'skip' && (given['attempts'] ?? 1) === 1,
    onError: onErrorOf(given['onError']),
    onRetry: optionalFunction('onRetry', given['onRetry']),
    maxFailures: quantity('maxFailures', given['maxFailures'], Infinity),
    onProgress: optionalFunction('onProgress', given['onProgress']),
  };
}
