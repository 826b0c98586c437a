/** Which items of a batch have failed, although they have run: by the declaration's rule in the lane, or by one on the host. */
import type { DeclaredFunction } from '../../lanes/declared-function.js';
import { nativeError } from '../../supervisor/native-failure.js';
import type { Batch } from './batch.js';

/** An item that has failed. */
export interface FailedInBatch {
  /** Within the batch. */
  readonly index: number;
  /** Made only where somebody wants it: a whole batch may have failed. */
  readonly error: () => unknown;
}

/** @param returnedBy what an item that is over has returned, as the caller sees it. */
export function failuresOf(
  fn: DeclaredFunction,
  batch: Batch,
  returnedBy: (index: number) => unknown,
): FailedInBatch[] {
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
      if (failsPredicate(returned)) failures.push({ index, error: () => nativeError(fn, { returned }) });
    } catch (error) {
      failures.push({ index, error: () => error });
    }
  }
  return failures;
}
