/** `pool.mapColumns`: what it takes, and what it gives. */
import { ArgumentError } from '../../errors.js';
import { type ColumnOptions, type ManyProgress, columnSettings } from '../../options/column-options.js';
import { show } from '../../options/checks.js';
import type { Column } from '../../shared/memory/batch-layout.js';
import { markCancellable } from '../cancellable.js';
import type { CallDispatcher } from '../dispatcher.js';
import { originOn } from '../native-function.js';
import { checkColumns } from './column-check.js';
import { type ColumnResult, ColumnRun } from './column-run.js';

/** A run over columns: a promise that can be watched and stopped. */
export interface ColumnCall<C> extends Promise<ColumnResult<C>> {
  /** How far the run is, at this moment. */
  readonly progress: ManyProgress;
  /** Where the results go: also of items that had finished when it failed. Undefined where it has not begun, or none are kept. */
  readonly out: C | undefined;
  /**
   * Stops the run: it rejects with a CallCancelledError. What items had brought is in `out`. Idempotent.
   * @returns whether this stopped it.
   */
  cancel(reason?: unknown): boolean;
}

/** Starts a run. Whatever is wrong rejects it. */
export function mapColumns(
  dispatcher: CallDispatcher,
  native: unknown,
  columns: unknown,
  out: unknown,
  options: ColumnOptions | undefined,
): ColumnCall<Column | null> {
  let run: ColumnRun | null = null;
  const start = async (): Promise<ColumnResult<Column | null>> => {
    const origin = originOn(dispatcher, native);
    if (origin === null) throw notNative(native);
    if (origin.deadline !== undefined || origin.limits.attempts > 1) throw forOneCall(origin.fn.name);
    const settings = columnSettings(options);
    run = new ColumnRun(origin, checkColumns(origin.fn, columns, out), settings);
    return await run.promise;
  };
  const promise = start();
  markCancellable(promise);
  return Object.defineProperties(promise, {
    progress: { get: () => run?.progress ?? NOTHING },
    out: { get: () => run?.out ?? undefined },
    cancel: { value: (reason?: unknown) => run?.cancel(reason) ?? false },
  }) as ColumnCall<Column | null>;
}

const NOTHING: ManyProgress = {
  done: 0,
  failed: 0,
  total: 0,
  rate: 0,
  elapsedMs: 0,
  remainingMs: undefined,
};

function forOneCall(name: string): ArgumentError {
  return new ArgumentError(
    `mapColumns received ${name} with \`deadline\` or \`attempts\`, which are for single calls. Use \`timeout\` for each ` +
      'item and `signal` for the whole run; or use pool.map, which has `attempts`.',
    { symbol: name },
  );
}

function notNative(native: unknown): ArgumentError {
  return new ArgumentError(
    `The function is ${show(native)}; mapColumns takes a function of a library that was opened on this pool. For other functions use pool.map.`,
  );
}
