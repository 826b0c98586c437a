/**
 * A batch of items from typed arrays: a range of their elements.
 *
 * Arrays over SharedArrayBuffers are not copied: a thread lane reads items and writes results in place.
 */
import { types } from 'node:util';
import { ArgumentError } from '../../errors.js';
import {
  type BatchPlan,
  type BatchViews,
  COLUMN_OF,
  type Column,
  type Lent,
} from '../../shared/memory/batch-layout.js';
import { Batch } from '../batches/batch-outcome.js';

/** A column, or one value for all items. */
export type Source = Column | number | bigint;

/** The columns of a run, and the array for its results. */
export interface Columns {
  readonly plan: BatchPlan;
  readonly sources: readonly Source[];
  /** Null if the function returns nothing, or its results are not needed. */
  readonly out: Column | null;
}

/** Each lent column has a bit of an int32. */
const MOST_LENT = 30;

/** The memory of items [from, to) that can be lent to lanes. */
export function lentOf({ plan, sources, out }: Columns, from: number, to: number): Lent {
  const all = [...sources, out ?? 0];
  if (all.length > MOST_LENT) return [];
  return all.map((source, at) => {
    if (typeof source !== 'object' || !types.isSharedArrayBuffer(source.buffer)) return undefined;
    const type = plan.params[at] ?? plan.returns;
    if (type === null) return undefined;
    const array = COLUMN_OF[type];
    return new array(source.buffer, source.byteOffset + from * array.BYTES_PER_ELEMENT, to - from);
  });
}

export class ColumnBatch extends Batch {
  /** Index of the batch's first item among all items. */
  readonly from: number;
  /** The results could not be written, because `out` was detached or shrunk during the run. */
  lost = false;
  readonly #columns: Columns;

  constructor(columns: Columns, from: number, count: number) {
    super(columns.plan, count, lentOf(columns, from, from + count));
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
      if (target === this.lent[at]) return;
      if (typeof source !== 'object') target.fill(source as number);
      else if (source.length >= end) target.set((source as Float64Array).subarray(this.from, end));
      else
        throw new ArgumentError(
          `A column was detached, or shrunk to ${source.length} items, during its run.`,
        );
    });
  }

  protected take({ results }: BatchViews, done: number): void {
    const { out, sources } = this.#columns;
    if (out === null || results === null || done === 0) return;
    // The lane wrote the results in place.
    if (results === this.lent[sources.length]) return;
    if (out.length < this.from + done) {
      this.lost = true;
      return;
    }
    (out as Float64Array).set((results as Float64Array).subarray(0, done), this.from);
  }
}
