/**
 * Supplies the items that a run sends next: items to run again, then those of its source.
 *
 *   source ──pulled──► sent ──► ended
 *                       ▲ └──► rest of a batch, or failed (after a wait): run again
 *
 * Guarantee: the number of items that are pulled and not delivered is bounded, so slow readers and slow lanes apply
 * back-pressure to the source.
 */
import { Math, clearTimeout, setTimeout } from '../../builtins.js';
import type { MapRetry } from '../../options/map-options.js';
import type { Again } from '../../options/map-attempts.js';
import { Pace } from '../batches/batch-size.js';
import type { Progress } from '../batches/run-progress.js';
import { Group } from './group.js';
import type { OrderedResults } from './ordered-results.js';
import type { Runner, Work } from './runner.js';
import type { Source } from './source.js';

/** Number of batches per taker that may be pulled and not delivered. */
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
  /** Number of failures of each item that has not ended, by index. */
  readonly #often = new Map<number, number>();
  #pulled = 0;

  /** @param came called when a wait is over. */
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

  /** Number of items taken from the source. */
  get pulled(): number {
    return this.#pulled;
  }

  /** Whether all items have been sent. */
  get isComplete(): boolean {
    return this.#source.isOver && !this.#hasAgain;
  }

  /**
   * Whether there are more items, now or later. Asks a source that may have yielded its last item without reporting its
   * end.
   */
  hasMore(): boolean {
    return this.#hasAgain || this.#pull() !== undefined || !this.#source.isOver;
  }

  /** The next piece of work; undefined if nothing can be sent now. */
  next(): Work | undefined {
    return this.#again.shift() ?? this.#pull();
  }

  /** Items [from, to) did not run: they are sent first. */
  again(group: Group, from: number, to: number): void {
    if (from < to) this.#again.unshift({ group, from, to });
  }

  /** @returns how the failed item is run again, after its own wait; null if it is not. */
  retry(group: Group, at: number, error: unknown): MapRetry | null {
    const index = group.from + at;
    const often = (this.#often.get(index) ?? 0) + 1;
    const wait = this.#retries(error, often);
    if (wait === null) {
      this.#often.delete(index);
      return null;
    }
    this.#often.set(index, often);
    const timer = setTimeout(() => {
      this.#waits.delete(timer);
      this.#again.push({ group, from: at, to: at + 1 });
      this.#came();
    }, wait);
    this.#waits.add(timer);
    return { failures: often, wait };
  }

  /** An item that was sent alone has succeeded. */
  succeeded(index: number): void {
    this.#often.delete(index);
  }

  /** Drops all items that wait to run again. */
  clear(): void {
    for (const timer of this.#waits) clearTimeout(timer);
    this.#waits.clear();
    this.#again.length = 0;
  }

  get #hasAgain(): boolean {
    return this.#again.length > 0 || this.#waits.size > 0;
  }

  /** Pulls as many items from the source as there is room for. */
  #pull(): Work | undefined {
    const { takers, capacity, most } = this.#runner;
    const { total } = this.#progress;
    // The total that the source provides may be wrong.
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
