/** Options of `pool.mapColumns`. */
import { abortSignal, integer, known, optionalFunction, quantity, refuse } from './checks.js';

/** The effect of a failed item: it ends the run, or is omitted. */
export type OnFailure = 'stop' | 'skip';

/** The progress of a run over many items. */
export interface ManyProgress {
  /** Number of items that have succeeded. */
  readonly done: number;
  /** Number of items that have failed for good. */
  readonly failed: number;
  /** Total number of items; undefined while it is not known. */
  readonly total: number | undefined;
  /** Items per second over the last seconds. 0 until enough items have ended. */
  readonly rate: number;
  /** ms since the start of the run. */
  readonly elapsedMs: number;
  /** Estimated ms until the end, from `rate`; undefined while it is not known. */
  readonly remainingMs: number | undefined;
}

/** Options of `pool.mapColumns`. */
export interface ColumnOptions {
  /** Stops the run when it aborts: between two items, or within one as the declaration allows. */
  readonly signal?: AbortSignal;
  /** Maximum number of items that run at once: a whole number from 1. Default: the number of lanes. */
  readonly concurrency?: number;
  /**
   * The effect of a failed item: `stop` (default) ends the run with an ItemsError, `skip` omits the item; a function is
   * called with the error and the index of each failed item, and returns one of the two.
   */
  readonly onError?: OnFailure | ((error: unknown, index: number) => OnFailure);
  /** Maximum number of failed items with `skip`; below 1, a share of all items. Default: no limit. */
  readonly maxFailures?: number;
  /**
   * Called about ten times a second while items finish, and once after the last. A promise that it returns is not
   * awaited.
   */
  readonly onProgress?: (progress: ManyProgress) => unknown;
}

/** Options, checked. */
export interface ColumnSettings {
  readonly signal: AbortSignal | undefined;
  /** Infinity: the number of lanes. */
  readonly concurrency: number;
  readonly onError: (error: unknown, index: number) => unknown;
  /** Whether every failed item is omitted, without calling a function. */
  readonly skips: boolean;
  /** Infinity: no limit. Below 1: a share of all items. */
  readonly maxFailures: number;
  readonly onProgress: ((progress: ManyProgress) => unknown) | undefined;
}

const COLUMN_OPTIONS = [
  'signal',
  'concurrency',
  'onError',
  'maxFailures',
  'onProgress',
] as const satisfies (keyof ColumnOptions)[];

/** @throws ArgumentError naming the option. */
export function columnSettings(options: ColumnOptions | undefined): ColumnSettings {
  const given = known('mapColumns option', options, COLUMN_OPTIONS);
  return {
    signal: abortSignal(given['signal']),
    concurrency: concurrencyOf(given['concurrency']),
    onError: onErrorOf(given['onError']),
    skips: given['onError'] === 'skip',
    maxFailures: quantity('maxFailures', given['maxFailures'], Infinity),
    onProgress: optionalFunction('onProgress', given['onProgress']),
  };
}

/** Infinity by default. @throws ArgumentError */
export function concurrencyOf(value: unknown): number {
  return value === Infinity ? Infinity : integer('concurrency', value, 1, 2 ** 31, Infinity);
}

/** The handler of failed items; a fixed choice becomes a function that returns it. @throws ArgumentError */
export function onErrorOf(value: unknown): (...asked: unknown[]) => unknown {
  if (typeof value === 'function') return value as (...asked: unknown[]) => unknown;
  const does = value === undefined ? 'stop' : value;
  if (does !== 'stop' && does !== 'skip') refuse('onError', value, "'stop', 'skip' or a function");
  return () => does;
}
