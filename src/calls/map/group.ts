/**
 * A group of items that were taken from the source together, and the outcome of each.
 *
 * In most groups every item has a result: such a group stores only the values.
 */
import { Math } from '../../builtins.js';
import type { Scalar } from '../../declare/spec.js';
import { COLUMN_OF, type Column } from '../../shared/memory/batch-layout.js';
import type { Collector } from '../batches/collector.js';

/** Consecutive items in an array, which may be the caller's: it is not copied. */
export interface Items {
  readonly array: readonly unknown[];
  /** Index of the first item in the array. */
  readonly start: number;
  readonly count: number;
}

const NO_ITEMS: Items = { array: [], start: 0, count: 0 };

/** The state of an item. */
const Mark = {
  /** The item has not ended. */
  OPEN: 0,
  /** The item has a result that has not been delivered. */
  RESULT: 1,
  /** The item has no result, or its result has been delivered. */
  GONE: 2,
} as const;

export class Group {
  /** Index of the group's first item among all items. */
  readonly from: number;
  readonly count: number;
  /** Number of items that have not ended. */
  left: number;
  /** Null while all items are open, or all have results. */
  #marks: Uint8Array | null = null;
  /** Released when all items have ended. */
  #items: Items;
  #leftOut = 0;
  /** A column of numbers until an item has a value of another kind; null for results that are undefined. */
  #values: Column | unknown[] | null = null;

  constructor(from: number, items: Items) {
    this.from = from;
    this.#items = items;
    this.count = items.count;
    this.left = items.count;
  }

  get items(): Items {
    return this.#items;
  }

  item(at: number): unknown {
    return this.#items.array[this.#items.start + at];
  }

  /** Number of items that ended without a result. */
  get leftOut(): number {
    return this.#leftOut;
  }

  value(at: number): unknown {
    return this.#values === null ? undefined : this.#values[at];
  }

  /** Stores the numbers that the items from `at` on have returned. */
  putColumn(type: Scalar, results: Column, at: number): void {
    this.#values ??= new COLUMN_OF[type](this.count);
    const values = this.#values;
    if (!Array.isArray(values)) (values as Float64Array).set(results as Float64Array, at);
    else for (let index = 0; index < results.length; index += 1) values[at + index] = results[index];
  }

  put(at: number, value: unknown): void {
    if (this.#values === null) {
      if (value === undefined) return;
      this.#values = Array.from({ length: this.count });
    } else if (!Array.isArray(this.#values)) this.#values = Array.from<unknown>(this.#values as Float64Array);
    this.#values[at] = value;
  }

  /** Items [from, to) have ended with results. */
  end(from: number, to: number): void {
    if (from === to) return;
    this.left -= to - from;
    if (this.#marks !== null || to - from !== this.count) this.#marked().fill(Mark.RESULT, from, to);
  }

  /** All items have ended: their arguments are no longer needed. */
  release(): void {
    this.#items = NO_ITEMS;
  }

  /** Reopens an item that was marked as ended with a result, because it has failed. */
  reopen(at: number): void {
    this.#marked()[at] = Mark.OPEN;
    this.left += 1;
  }

  /** An item has ended without a result. */
  leaveOut(at: number): void {
    this.#marked()[at] = Mark.GONE;
    this.left -= 1;
    this.#leftOut += 1;
  }

  /** The first item that has not ended; the number of items if all have. */
  get firstOpen(): number {
    if (this.left === 0) return this.count;
    return this.#marks === null ? 0 : this.#marks.indexOf(Mark.OPEN);
  }

  /** The first result in [at, to) that has not been delivered; `to` if there is none. */
  nextResult(at: number, to: number): number {
    const marks = this.#marks;
    if (marks === null) return this.left === 0 ? Math.min(at, to) : to;
    let next = at;
    while (next < to && marks[next] !== Mark.RESULT) next += 1;
    return next;
  }

  /** The result has been delivered. In a group where every item has a result, no item needs a mark. */
  give(at: number): void {
    if (this.#marks !== null) this.#marks[at] = Mark.GONE;
  }

  /** Delivers the results in [at, to). @returns their number. */
  drain(at: number, to: number, into: Collector): number {
    const values = this.#values;
    if (this.#marks === null && values !== null) {
      into.addAll(values, at, to);
      return to - at;
    }
    let given = 0;
    for (let next = this.nextResult(at, to); next < to; next = this.nextResult(next + 1, to)) {
      into.add(this.value(next));
      this.give(next);
      given += 1;
    }
    return given;
  }

  #marked(): Uint8Array {
    const all = this.left === 0 ? Mark.RESULT : Mark.OPEN;
    this.#marks ??= new Uint8Array(this.count).fill(all);
    return this.#marks;
  }
}
