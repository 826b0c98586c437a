/**
 * Finds the items of a batch that have run and failed, by the declaration's rule in the lane or by a rule on the host.
 */
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import { failsByRule, nativeError } from '../../supervisor/results/native-failure.js';
import { isUnsafe, unsafeSize } from '../../supervisor/results/unsafe-size.js';
import type { BatchCall } from './batch-call.js';
import type { Batch } from './batch-outcome.js';

/** An item that has failed. */
export interface FailedInBatch {
  /** Index within the batch. */
  readonly index: number;
  /** Creates the error only when it is needed: a whole batch may have failed. */
  readonly error: () => unknown;
}

/**
 * @param returnedBy the value that an ended item has returned, as the caller sees it.
 * @param call the call that sent the batch.
 */
export function failuresOf<B extends Batch>(
  call: BatchCall<B>,
  returnedBy: (index: number) => unknown,
): FailedInBatch[] {
  const { fn, items, late } = call;
  const failures = byRule(fn, items, returnedBy);
  if (items.plan.returns === 'size') addUnsafeSizes(failures, fn, items, returnedBy);
  if (late < 0) return failures;
  return [...failures.filter(({ index }) => index !== late), { index: late, error: () => call.error }];
}

function byRule(fn: DeclaredFunction, batch: Batch, returnedBy: (index: number) => unknown): FailedInBatch[] {
  const { failsPredicate } = fn.compiled;
  if (failsPredicate === undefined) {
    return batch.failures.map(({ index, returned, errno }) => ({
      index,
      error: () => nativeError(fn, { returned, errno }),
    }));
  }
  const failures: FailedInBatch[] = [];
  for (let index = 0; index < batch.done; index += 1) {
    const returned = returnedBy(index);
    try {
      if (failsByRule(fn, returned)) failures.push({ index, error: () => nativeError(fn, { returned }) });
    } catch (error) {
      failures.push({ index, error: () => error });
    }
  }
  return failures;
}

/** Adds the items that returned a size above 2^53, unless that is a failure by the rule of the declaration. */
function addUnsafeSizes(
  failures: FailedInBatch[],
  fn: DeclaredFunction,
  batch: Batch,
  returnedBy: (index: number) => unknown,
): void {
  const failed = new Set(failures.map(({ index }) => index));
  for (let index = 0; index < batch.done; index += 1) {
    const size = returnedBy(index);
    if (isUnsafe(size) && !failed.has(index)) failures.push({ index, error: () => unsafeSize(fn, size) });
  }
}
