/**
 * What a run sends next: items that are to run again, then those of its source.
 *
 *   source ──pulled──► sent ──► over
 *                       ▲ └──► rest of a batch, or failed and after a wait: again
 *
 * Guarantee: items that are pulled and not given out are bounded, so a reader
 * that is slow, or lanes that are, hold up the source.
 */
import { Math, clearTimeout, setTimeout } from '../../builtins.js';
import type { Again } from '../../options/map-attempts.js';
import { Pace } from '../batches/batch-size.js';
import type { Progress } from '../batches/run-progress.js';
import { Group } from './group.js';
import type { OrderedResults } from './ordered-results.js';
import type { Runner, Work } from './runner.js';
import type { Source } from './source.js';

/** Batches for each taker that may be pulled and not given out. */
const LOOK_AHEAD = 4;

export class ItemSupply {
  readonly pace: Pace = new Pace();
  readonly #source: Source;
  readonly #runner: Runner;
  readonly #progress: Progress;
  readonly #results: OrderedResults;
  readonly #again: Work[] = [];
  readonly #retries: Again;
  readonly #came: () => void;
  readonly #waits = new Set<NodeJS.Timeout>();
  /** How often items have failed that are not over, by index. */
  readonly #often = new Map<number, number>();
  #pulled = 0;

  /** @param came told when a wait is over. */
  constructor(
    source: Source,
    runner: Runner,
    progress: Progress,
    results: OrderedResults,
    retries: Again,
    came: () => void,
  ) {
    this.#source = source;
    this.#runner = runner;
    this.#progress = progress;
    this.#results = results;
    this.#retries = retries;
    this.#came = came;
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

  /** @returns whether an item that has failed is run again, after a wait of its own. */
  retry(group: Group, at: number, error: unknown): boolean {
    const index = group.from + at;
    const often = (this.#often.get(index) ?? 0) + 1;
    const wait = this.#retries(error, often);
    if (wait === null) {
      this.#often.delete(index);
      return false;
    }
    this.#often.set(index, often);
    const timer = setTimeout(() => {
      this.#waits.delete(timer);
      this.#again.push({ group, from: at, to: at + 1 });
      this.#came();
    }, wait);
    this.#waits.add(timer);
    return true;
  }

  /** An item that was sent alone has succeeded. */
  succeeded(index: number): void {
    this.#often.delete(index);
  }

  /** Nothing is sent again. */
  clear(): void {
    for (const timer of this.#waits) clearTimeout(timer);
    this.#waits.clear();
    this.#again.length = 0;
  }

  get #hasAgain(): boolean {
    return this.#again.length > 0 || this.#waits.size > 0;
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
