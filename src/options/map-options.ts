/** Options of `pool.map`. */
import type { ErrorKind } from '../errors.js';
import { type RetriesByKind, takeAttempts } from './attempts.js';
import { abortSignal, flag, known, optionalFunction, quantity } from './checks.js';
import { type ManyProgress, type OnFailure, concurrencyOf, onErrorOf } from './column-options.js';
import { type Again, againOf } from './map-attempts.js';

/** How often, and how long after each other, items are started that fail in one way. */
export interface MapAttempts {
  /** Times that an item is started at most, the first included: 1 to 1,000,000, or Infinity. */
  readonly attempts: number;
  /** ms before the second. Default 100. */
  readonly delay?: number;
  /** Each wait is so many times the one before. Default 2. */
  readonly factor?: number;
  /** ms that a wait takes at most. Default 30,000. */
  readonly maxDelay?: number;
}

/** By the kind of an error of offthread; `other` for errors of others. */
export type AttemptsByKind = { readonly [K in ErrorKind | 'other']?: number | MapAttempts };

/** Options of `pool.map`; `I` is an item, `R` a result. */
export interface MapOptions<I = unknown, R = unknown> {
  /**
   * Items that are under way at once: a whole number from 1. Default: for native functions that take and return
   * numbers as many as keep the lanes busy, for all others four for each lane. Never more than the pool's queue takes.
   */
  readonly concurrency?: number;
  /** Whether results come in the order of the items (default), or as they are there. */
  readonly ordered?: boolean;
  /** Stops the run when it aborts. */
  readonly signal?: AbortSignal;
  /**
   * How often an item is started at most, the first time included, where another attempt may go well; or by the kind of
   * its error. 1 to 1,000,000, or Infinity. Default 1.
   */
  readonly attempts?: number | AttemptsByKind;
  /** @deprecated Use `attempts`, which counts the first start, too: `retries: 1` is `attempts: 2`. */
  readonly retries?: number | RetriesByKind;
  /**
   * What an item does that has failed for good: `stop` (default) ends the run with an ItemsError, `skip` leaves it out; a
   * function is asked for each, and may answer with `{ value }` to put in its place.
   */
  readonly onError?:
    | OnFailure
    | ((error: unknown, item: I, index: number) => OnFailure | { readonly value: R });
  /**
   * Failed items that are put up with: a number, or below 1 a share of all items: told at the end where their number is
   * not known before. Default: any number.
   */
  readonly maxFailures?: number;
  /** Told about ten times a second while items end, and when all have ended. Not awaited. */
  readonly onProgress?: (progress: ManyProgress) => unknown;
}

/** Options, checked. */
export interface MapSettings {
  /** Infinity: by what is run. */
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly signal: AbortSignal | undefined;
  readonly again: Again;
  /** Whether every failed item is omitted, without calling a function. */
  readonly skips: boolean;
  readonly onError: (error: unknown, item: unknown, index: number) => unknown;
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
  'maxFailures',
  'onProgress',
] as const satisfies (keyof MapOptions)[];

/** @throws ArgumentError naming the option. */
export function mapSettings(options: unknown): MapSettings {
  const given = known('map option', options, MAP_OPTIONS);
  takeAttempts(given, 'retries');
  return {
    concurrency: concurrencyOf(given['concurrency']),
    ordered: flag('ordered', given['ordered'], true),
    signal: abortSignal(given['signal']),
    again: againOf(given['attempts']),
    skips: given['onError'] === 'skip' && (given['attempts'] ?? 1) === 1,
    onError: onErrorOf(given['onError']),
    maxFailures: quantity('maxFailures', given['maxFailures'], Infinity),
    onProgress: optionalFunction('onProgress', given['onProgress']),
  };
}
