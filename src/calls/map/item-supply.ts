/**
 * What a run sends next: items that are to run again, then those of its source.
 *
 *   source ──pulled──► sent ──► over
 *                       ▲ └──► rest of a batch, or failed and after a wait: again
 *
 * Guarantee: items that are pulled and not given out are bounded, so a reader
 * that is slow, or lanes that are, hold up the source.
 */
import { Math } from '../../builtins.js';
import type { Again } from '../../options/map-attempts.js';
import { Pace } from '../batches/batch-size.js';
import type { Progress } from '../batches/run-progress.js';
import { Group } from './group.js';
import { ItemRetry } from './item-retry.js';
import type { OrderedResults } from './ordered-results.js';
import type { Runner } from './runner.js';
import type { Source } from './source.js';

/** Items of a group that are to run. */
export interface Work {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
}

/** Batches for each taker that may be pulled and not given out. */
const LOOK_AHEAD = 4;

export class ItemSupply {
  readonly pace: Pace = new Pace();
  readonly #source: Source;
  readonly #runner: Runner;
  readonly #progress: Progress;
  readonly #results: OrderedResults;
  readonly #again: Work[] = [];
  readonly #retry: ItemRetry<Work>;
  #pulled = 0;

  /** @param came told when there is something to send again. */
  constructor(
    source: Source,
    runner: Runner,
    progress: Progress,
    results: OrderedResults,
    again: Again,
    came: () => void,
  ) {
    this.#source = source;
    this.#runner = runner;
    this.#progress = progress;
    this.#results = results;
    this.#retry = new ItemRetry(again, (work) => {
      this.#again.push(work);
      came();
    });
  }

  /** Items that have been taken from the source. */
  get pulled(): number {
    return this.#pulled;
  }

  /** Whether all items are over, or have been sent. */
  get isComplete(): boolean {
    return this.#source.isOver && !this.#hasAgain;
  }

  /** Whether there are items, now or later. A source may not have said yet that the last item was the last: it is asked. */
  hasMore(): boolean {
    return this.#hasAgain || this.#pull() !== undefined || !this.#source.isOver;
  }

  /** Undefined: nothing can be sent now. */
  next(): Work | undefined {
    return this.#again.shift() ?? this.#pull();
  }

  /** Items [from, to) did not run: they go first. */
  again(group: Group, from: number, to: number): void {
    if (from < to) this.#again.unshift({ group, from, to });
  }

  /** @returns whether an item that has failed is run again. */
  retry(group: Group, at: number, error: unknown): boolean {
    return this.#retry.take(group.from + at, error, { group, from: at, to: at + 1 });
  }

  /** An item that was sent alone has succeeded. */
  succeeded(group: Group, at: number): void {
    this.#retry.forget(group.from + at);
  }

  /** Nothing is sent again. */
  clear(): void {
    this.#retry.clear();
    this.#again.length = 0;
  }

  get #hasAgain(): boolean {
    return this.#again.length > 0 || this.#retry.waiting > 0;
  }

  /** Items from the source, as many as there is room for. */
  #pull(): Work | undefined {
    const { takers, capacity, most } = this.#runner;
    const { total } = this.#progress;
    // What has been said of it may be wrong.
    const left = total === undefined || total <= this.#pulled ? Infinity : total - this.#pulled;
    const size = this.pace.size(left, takers, capacity);
    const window = Math.min(capacity === 1 ? 2 * most : LOOK_AHEAD * takers * size, this.#results.ahead);
    const room = Math.max(window, most) - (this.#pulled - this.#results.pass());
    if (room <= 0 || this.#source.isOver) return undefined;
    const items = this.#source.take(Math.min(size, room));
    if (items.count === 0) return undefined;
    const group = new Group(this.#pulled, items);
    this.#pulled += items.count;
    this.#results.open(group);
    return { group, from: 0, to: items.count };
  }
}
