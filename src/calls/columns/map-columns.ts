/** The types and the entry point of `pool.mapColumns`. */
import { ArgumentError } from '../../errors.js';
import { type ColumnOptions, type ManyProgress, columnSettings } from '../../options/column-options.js';
import { show } from '../../options/checks.js';
import type { Column } from '../../shared/memory/batch-layout.js';
import { markCancellable } from '../cancellable.js';
import type { CallDispatcher } from '../dispatcher.js';
import { originOn } from '../native-function.js';
import { checkColumns } from './column-check.js';
import { type ColumnResult, ColumnRun } from './column-run.js';

/** A run over columns: a promise with the progress of the run and a way to stop it. */
export interface ColumnCall<C> extends Promise<ColumnResult<C>> {
  /** The current progress of the run. */
  readonly progress: ManyProgress;
  /**
   * The array for the results; when the run fails, it has those of the finished items. Undefined if the run has not
   * started, or keeps no results.
   */
  readonly out: C | undefined;
  /**
   * Stops the run, which rejects with a CallCancelledError. `out` has the results of the finished items. Idempotent.
   * @returns whether this call stopped the run.
   */
  cancel(reason?: unknown): boolean;
}

/** Starts a run. Every error rejects it: nothing is thrown. */
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
