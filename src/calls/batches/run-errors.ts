/** The errors with which a run over many items fails. */
import { Math } from '../../builtins.js';
import { ignoreFailure } from '../../promises.js';
import {
  ArgumentError,
  CallCancelledError,
  CrashLoopError,
  ItemsError,
  type OffthreadError,
  PoolClosedError,
  StreamError,
} from '../../errors.js';
import { thrownText } from '../../options/checks.js';
import { reasonText } from '../call.js';
import { settled } from '../../supervisor/host-functions/thenable.js';

interface Counts {
  readonly done: number;
  readonly failed: number;
}

/** The thrown value as a sentence. */
function why(thrown: unknown): string {
  const text = thrownText(thrown);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const come = ({ done, failed }: Counts): string => `${done} items had succeeded and ${failed} failed`;

/** The run was cancelled. @param over the number of items that succeeded, in words. */
export function cancelledRun(name: string, reason: unknown, over: string): CallCancelledError {
  const text = reasonText(reason);
  return new CallCancelledError(
    `The run of ${name} was cancelled${text === '' ? '' : `: ${text}`}, after ${over} items.`,
    { symbol: name, cause: reason },
  );
}

/** An item failed, and the run does not tolerate failures. */
export function failedItem(name: string, index: number, cause: unknown, counts: Counts): ItemsError {
  return new ItemsError(
    `Item ${index} of a run of ${name} failed: ${why(cause)} ` +
      `The run was stopped; ${come(counts)}. Use { onError: 'skip' } to leave failed items out.`,
    { ...counts, index, cause, symbol: name },
  );
}

/**
 * The number of failures that the run tolerates.
 * @param most `maxFailures`: a number; below 1, a share of all items.
 * @param total the number of items, if it is known: until then, a share sets no limit.
 */
export function budgetOf(most: number, total: number | undefined): number {
  return most > 0 && most < 1 ? most * (total ?? Infinity) : most;
}

/** More items failed than the run tolerates. */
export function tooMany(
  name: string,
  index: number,
  cause: unknown,
  counts: Counts,
  most: number,
): ItemsError {
  return new ItemsError(
    `A run of ${name} was stopped at item ${index}: more than ${Math.floor(most)} items have failed (\`maxFailures\`). The last failure: ${why(cause)} ` +
      `${counts.done} items had succeeded.`,
    { ...counts, index, cause, symbol: name, code: 'OFFTHREAD_TOO_MANY_FAILURES' },
  );
}

/** A handler threw. */
export function handlerFailed(name: string, cause: unknown, counts: Counts): ItemsError {
  return new ItemsError(
    `A run of ${name} was stopped: one of its handlers threw (${thrownText(cause)}); ${come(counts)}. Handlers must return a value, not a promise, and must not throw.`,
    { ...counts, cause, symbol: name, code: 'OFFTHREAD_HANDLER_FAILED' },
  );
}

/** The error for a handler that returned a promise, which is not awaited. */
export function answeredLater(promise: PromiseLike<unknown>): TypeError {
  ignoreFailure(settled(promise));
  return new TypeError('it returned a promise; it must return its value directly');
}

/** The results of the run have already been read. */
export function readBefore(name: string): StreamError {
  return new StreamError(
    `The results of a run of ${name} have already been read, or are being read: they can be read only once. ` +
      'Keep the array from `toArray()`, or call `pool.map` again.',
    { symbol: name },
  );
}

/** The source threw. */
export function sourceFailed(name: string, index: number, cause: unknown, counts: Counts): ItemsError {
  return new ItemsError(
    `The source of a run of ${name} threw after ${index} items: ${why(cause)} The run was stopped; ${come(counts)}.`,
    { ...counts, cause, symbol: name, code: 'OFFTHREAD_SOURCE_FAILED' },
  );
}

/** Another error prevents the run from continuing. */
export function endedBy(name: string, cause: unknown, counts: Counts): OffthreadError {
  return new ItemsError(`A run of ${name} was stopped: ${why(cause).slice(0, -1)}; ${come(counts)}.`, {
    ...counts,
    cause,
    symbol: name,
    code: 'OFFTHREAD_RUN_ENDED',
  });
}

/**
 * An error that prevents every item from running, for example a closed pool. It keeps its class, and receives the
 * counts.
 */
export function endedByPool(name: string, cause: unknown, counts: Counts): OffthreadError {
  const message = `A run of ${name} was stopped; ${come(counts)}. ${why(cause)}`;
  const context = { cause, symbol: name };
  for (const known of [PoolClosedError, CallCancelledError, CrashLoopError]) {
    if (cause instanceof known) return new known(message, context);
  }
  // A column was detached during the run. The text of the call's own error concerns the items of its batch only.
  const inner: unknown = cause instanceof ArgumentError ? (cause.cause ?? cause) : undefined;
  if (inner === undefined) return cause as OffthreadError;
  return new ArgumentError(`A run of ${name} was stopped; ${come(counts)}. ${why(inner)}`, context);
}
