/**
 * The items on their way through `pool.map`: handed out one by one, and remembered until they have ended, because their
 * results come with a number only.
 *
 *   groups of items ──► open: handed out ──► ended; a group is forgotten with its last item
 *
 * Guarantee: what is open is bounded by the look-ahead of `pool.map`, and one group.
 */
import type { InputRecord } from '../input/records.js';
import type { ItemGroup } from '../input/input-items.js';
import type { Unusable } from '../input/item-arguments.js';

/** Items of a group that are to run. */
export interface FedGroup extends Omit<ItemGroup, 'from'> {
  /** Position of the first one among the items of the shard. */
  readonly first: number;
  /** Position of each of them; null if they follow one another. */
  readonly positions: readonly number[] | null;
}

export interface FedItem {
  readonly position: number;
  readonly args: unknown[] | Unusable;
  readonly record: InputRecord;
}

interface OpenGroup extends FedGroup {
  /** Number by which `pool.map` knows the first item. */
  readonly from: number;
  left: number;
}

function itemOf({ from, first, positions, args, records }: OpenGroup, number: number): FedItem {
  const at = number - from;
  return {
    position: positions === null ? first + at : (positions[at] as number),
    args: args[at] as unknown[] | Unusable,
    record: records[at] as InputRecord,
  };
}

const END: IteratorResult<unknown, undefined> = { done: true, value: undefined };

export class ItemFeed implements AsyncIterableIterator<unknown> {
  readonly #groups: AsyncIterator<FedGroup>;
  readonly #open: OpenGroup[] = [];
  #current: OpenGroup | null = null;
  #at = 0;
  #handedOut = 0;
  #over = false;

  constructor(groups: AsyncIterator<FedGroup>) {
    this.#groups = groups;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Whether the input has ended. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Number of items that have been handed out. */
  get handedOut(): number {
    return this.#handedOut;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const current = this.#current;
    if (current === null || this.#at === current.args.length) return this.#more();
    this.#handedOut += 1;
    return Promise.resolve({ done: false, value: current.args[this.#at++] });
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#over = true;
    await this.#groups.return?.();
    return END;
  }

  /** The item that `pool.map` knows by a number; it is open. */
  find(number: number): FedItem {
    return itemOf(this.#groupOf(number), number);
  }

  /** Forgets an open item, which has ended. @returns the item. */
  end(number: number): FedItem {
    const group = this.#groupOf(number);
    group.left -= 1;
    if (group.left === 0) this.#open.splice(this.#open.indexOf(group), 1);
    return itemOf(group, number);
  }

  async #more(): Promise<IteratorResult<unknown, undefined>> {
    const next = this.#over ? END : await this.#groups.next();
    if (next.done === true) {
      this.#over = true;
      return END;
    }
    const group = next.value as FedGroup;
    this.#current = { ...group, from: this.#handedOut, left: group.args.length };
    this.#at = 0;
    this.#open.push(this.#current);
    return this.next();
  }

  /** Mostly the first one: results come about in order. */
  #groupOf(number: number): OpenGroup {
    for (const group of this.#open) if (number < group.from + group.args.length) return group;
    throw new RangeError(`item ${number} is not open`);
  }
}
