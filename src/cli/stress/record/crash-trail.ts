/** The first calls of a run that crashed or hung, and how many did. Their arguments are made again from their items. */
import { LaneCrashedError, OffthreadError } from 'offthread';

export interface FailedItem {
  /** The first that failed so. */
  readonly item: number;
  readonly error: Error;
  /** How many did. */
  readonly failed: number;
}

export class CrashTrail {
  /** Calls that ended their process. */
  crash: FailedItem | null = null;
  /** Calls that did not return in time. */
  hang: FailedItem | null = null;

  readonly record = (error: unknown, item: number): void => {
    if (error instanceof LaneCrashedError) this.crash = next(this.crash, error, item);
    else if (error instanceof OffthreadError && error.kind === 'timeout')
      this.hang = next(this.hang, error, item);
  };
}

function next(before: FailedItem | null, error: Error, item: number): FailedItem {
  return before === null ? { item, error, failed: 1 } : { ...before, failed: before.failed + 1 };
}
