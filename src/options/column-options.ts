/** Options of `pool.mapColumns`. */
import { abortSignal, integer, known, optionalFunction, quantity, refuse } from './checks.js';

/** What a failed item does to its run: it ends the run, or is left out. */
export type OnFailure = 'stop' | 'skip';

/** How far a run over many items is. */
export interface ManyProgress {
  /** Items that have succeeded. */
  readonly done: number;
  /** Items that have failed for good. */
  readonly failed: number;
  /** Items in all; undefined while that is not known. */
  readonly total: number | undefined;
  /** Items a second, of the last seconds. 0 until that can be told. */
  readonly rate: number;
  /** ms since the start. */
  readonly elapsedMs: number;
  /** ms that the rest takes at that rate; undefined while that is not known. */
  readonly remainingMs: number | undefined;
}

/** Options of `pool.mapColumns`. */
export interface ColumnOptions {
  /** Stops the run when it aborts: between two items, or as the declaration says. */
  readonly signal?: AbortSignal;
  /** Items that run at once: a whole number from 1. Default: as many as the pool has lanes. */
  readonly concurrency?: number;
  /**
   * What a failed item does: `stop` (default) ends the run with an ItemsError, `skip` leaves it out; a function is
   * asked for each, and may be told by `index` which one it is.
   */
  readonly onError?: OnFailure | ((error: unknown, index: number) => OnFailure);
  /** Failed items that `skip` puts up with: a number, or below 1 a share of all items. Default: any number. */
  readonly maxFailures?: number;
  /** Told about ten times a second while items end, and when all have ended. Not awaited. */
  readonly onProgress?: (progress: ManyProgress) => unknown;
}

/** Options, checked. */
export interface ColumnSettings {
  readonly signal: AbortSignal | undefined;
  /** Infinity: as many as there are lanes. */
  readonly concurrency: number;
  readonly onError: (error: unknown, index: number) => unknown;
  /** Whether every failed item is omitted, without calling a function. */
  readonly skips: boolean;
  /** Infinity: any number. Below 1: a share. */
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

/** Infinity where none is given. @throws ArgumentError */
export function concurrencyOf(value: unknown): number {
  return value === Infinity ? Infinity : integer('concurrency', value, 1, 2 ** 31, Infinity);
}

/** A function that answers always the same, where none is given. @throws ArgumentError */
export function onErrorOf(value: unknown): (...asked: unknown[]) => unknown {
  if (typeof value === 'function') return value as (...asked: unknown[]) => unknown;
  const does = value === undefined ? 'stop' : value;
  if (does !== 'stop' && does !== 'skip') refuse('onError', value, "'stop', 'skip' or a function");
  return () => does;
}
