/**
 * Items that were taken from the source together, and what became of each.
 *
 * Most groups come back whole, each item with a result: nothing is kept for
 * each of their items then but its value.
 */
import { Math } from '../../builtins.js';
import type { Scalar } from '../../declare/spec.js';
import { COLUMN_OF, type Column } from '../../shared/memory/batch-layout.js';
import type { Collector } from '../batches/collector.js';

/** Items, one after the other, somewhere in an array: that of the caller, perhaps, which is not copied. */
export interface Items {
  readonly array: readonly unknown[];
  /** Where they begin. */
  readonly start: number;
  readonly count: number;
}

const NO_ITEMS: Items = { array: [], start: 0, count: 0 };

/** What became of an item. */
const Mark = {
  /** It is not over. */
  OPEN: 0,
  /** It has a result that has not been delivered. */
  RESULT: 1,
  /** There is nothing to be given out, or it has been. */
  GONE: 2,
} as const;

export class Group {
  /** Index of the first among all items. */
  readonly from: number;
  readonly count: number;
  /** Items that are not over. */
  left: number;
  /** Null while all are open, or all have results. */
  #marks: Uint8Array | null = null;
  /** Until all of them are over. */
  #items: Items;
  #leftOut = 0;
  /** Numbers as they came, until one item has something else; null for results that are nothing. */
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

  /** Items that are over without a result. */
  get leftOut(): number {
    return this.#leftOut;
  }

  value(at: number): unknown {
    return this.#values === null ? undefined : this.#values[at];
  }

  /** Numbers that items from `at` on have returned. */
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

  /** Items [from, to) are over, and have results. */
  end(from: number, to: number): void {
    if (from === to) return;
    this.left -= to - from;
    if (this.#marks !== null || to - from !== this.count) this.#marked().fill(Mark.RESULT, from, to);
  }

  /** All of them are over: what they were is not needed any more. */
  release(): void {
    this.#items = NO_ITEMS;
  }

  /** An item that was said to be over is not, for now: it has failed. */
  reopen(at: number): void {
    this.#marked()[at] = Mark.OPEN;
    this.left += 1;
  }

  /** An item is over, and there is no result. */
  leaveOut(at: number): void {
    this.#marked()[at] = Mark.GONE;
    this.left -= 1;
    this.#leftOut += 1;
  }

  /** The first item that is not over; how many there are where all are. */
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

  /** The result has been given out. A group that is whole is given out as it is, from its first to its last. */
  give(at: number): void {
    if (this.#marks !== null) this.#marks[at] = Mark.GONE;
  }

  /** Gives out the results in [at, to). @returns how many there were. */
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
