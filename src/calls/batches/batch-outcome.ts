/**
 * The outcome of a batch: how many items have run, and what each returned. Values are read from the lane's memory once,
 * when the batch ends.
 */
import {
  type BatchPlan,
  type BatchViews,
  type Column,
  type Lent,
  NOTHING_LENT,
} from '../../shared/memory/batch-layout.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { ERRNO_SHIFT, Outcome, RowDouble } from '../../shared/memory/layout.js';
import type { JobItems } from '../../supervisor/job.js';

/** An item that failed in native code. */
export interface NativeFailure {
  /** Index within the batch. */
  readonly index: number;
  readonly returned: number | bigint | undefined;
  readonly errno: number;
}

export abstract class Batch implements JobItems {
  readonly plan: BatchPlan;
  readonly count: number;
  readonly lent: Lent;
  done = 0;
  /** Items that have run and failed by the rule of the declaration. */
  readonly failures: NativeFailure[] = [];
  #collected = false;
  /**
   * Where the items are in the lane's memory. Kept on the host, because native code may overwrite what the lane's
   * memory says.
   */
  #views: BatchViews | null = null;

  constructor(plan: BatchPlan, count: number, lent: Lent = NOTHING_LENT) {
    this.plan = plan;
    this.count = count;
    this.lent = lent;
  }

  write(views: BatchViews): void {
    this.#views = views;
    this.fill(views);
  }

  abstract argumentsOf(index: number): readonly unknown[];

  /** Writes the values of the items. */
  protected abstract fill(views: BatchViews): void;

  /** Reads what the items before `done` have returned. */
  protected abstract take(views: BatchViews, done: number): void;

  collect(memory: LaneMemory, sequence: number): void {
    const views = this.#views;
    if (this.#collected || views === null) return;
    this.#collected = true;
    this.#views = null;
    const done = memory.f64[memory.rowDouble(sequence) + RowDouble.DONE] as number;
    if (!Number.isInteger(done) || done < 0 || done > this.count) return;
    this.done = done;
    if (views.outcomes !== null) this.#judge(views.outcomes, views.results);
    this.take(views, done);
  }

  #judge(outcomes: Int32Array, results: Column | null): void {
    for (let index = 0; index < this.done; index += 1) {
      const outcome = outcomes[index] as number;
      if ((outcome & Outcome.NATIVE_FAILURE) !== 0) {
        this.failures.push({ index, returned: results?.[index], errno: outcome >> ERRNO_SHIFT });
      }
    }
  }
}
