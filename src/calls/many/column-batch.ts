/** A batch of items that lie in typed arrays: a range of them. */
import { ArgumentError } from '../../errors.js';
import type { BatchPlan, BatchViews, Column } from '../../shared/batch.js';
import { Batch } from './batch.js';

/** A column, or one value for all items. */
export type Source = Column | number | bigint;

/** The columns of a run, and where its results go. */
export interface Columns {
  readonly plan: BatchPlan;
  readonly sources: readonly Source[];
  /** Null where the function returns nothing, or nobody wants it. */
  readonly out: Column | null;
}

export class ColumnBatch extends Batch {
  /** Index of its first item among all. */
  readonly from: number;
  /** Its results could not be written: `out` was detached, or shrunk, meanwhile. */
  lost = false;
  readonly #columns: Columns;

  constructor(columns: Columns, from: number, count: number) {
    super(columns.plan, count);
    this.from = from;
    this.#columns = columns;
  }

  argumentsOf(index: number): readonly unknown[] {
    const { sources, plan } = this.#columns;
    return sources.map((source, at) => {
      const value = typeof source === 'object' ? source[this.from + index] : source;
      return plan.params[at] === 'bool' ? value !== 0 : value;
    });
  }

  protected fill({ columns }: BatchViews): void {
    const end = this.from + this.count;
    this.#columns.sources.forEach((source, at) => {
      const target = columns[at] as Float64Array;
      if (typeof source !== 'object') target.fill(source as number);
      else if (source.length >= end) target.set((source as Float64Array).subarray(this.from, end));
      else
        throw new ArgumentError(
          `A column was detached, or shrunk to ${source.length} items, while its run went on.`,
        );
    });
  }

  protected take({ results }: BatchViews, done: number): void {
    const { out } = this.#columns;
    if (out === null || results === null || done === 0) return;
    if (out.length < this.from + done) {
      this.lost = true;
      return;
    }
    (out as Float64Array).set((results as Float64Array).subarray(0, done), this.from);
  }
}
