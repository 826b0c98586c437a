/**
 * Where the items of a run come from: an array, an iterable, or an async iterable. Items are pulled only on demand, one
 * at a time.
 *
 * Guarantee: a source that is not at its end is closed once, by `return`. A reader that leaves early may wait for the
 * close, unless a pull is in progress: the source closes only after the pull, which may never settle.
 */
import { types } from 'node:util';
import { Math } from '../../builtins.js';
import { resolved, whenSettled } from '../../promises.js';
import { ArgumentError } from '../../errors.js';
import { show, thrownText } from '../../options/checks.js';
import { isThenable, settled } from '../../supervisor/host-functions/thenable.js';
import type { Items } from './group.js';

const ARRAY_ITERATOR = Array.prototype[Symbol.iterator];

export interface SourceEvents {
  /** An async source has delivered an item, or has ended. */
  came(): void;
  /** The source threw. */
  failed(error: unknown): void;
}

export class Source {
  /** Total number of items, if the source provides it. */
  readonly total: number | undefined;
  readonly #events: SourceEvents;
  /** The source, if it is an array with the default iterator: its items are taken together. */
  readonly #array: readonly unknown[] | null;
  #next = 0;
  readonly #sync: Iterator<unknown> | null;
  readonly #async: AsyncIterator<unknown> | null;
  /** Items from an async source that have not been taken yet. */
  readonly #here: unknown[] = [];
  #pulling = false;
  /** Whether the iterator of a synchronous source is running. */
  #taking = false;
  #wanted = 0;
  #over = false;
  #closed: Promise<void> = resolved(undefined);

  /** @throws ArgumentError for a value that cannot be iterated. */
  constructor(items: unknown, events: SourceEvents) {
    this.#events = events;
    try {
      this.#array = isPlainArray(items) ? items : null;
      this.total = this.#array === null ? totalOf(items) : this.#array.length;
      this.#async =
        this.#array === null
          ? (iteratorOf(items, Symbol.asyncIterator) as AsyncIterator<unknown> | null)
          : null;
      const mayBeSync = this.#array === null && this.#async === null;
      this.#sync = mayBeSync ? (iteratorOf(items, Symbol.iterator) as Iterator<unknown> | null) : null;
    } catch (cause) {
      throw new ArgumentError(`The items of map cannot be iterated: ${thrownText(cause)}`, { cause });
    }
    if (this.#array === null && this.#sync === null && this.#async === null) {
      throw new ArgumentError(
        `The items of map are ${show(items)}; they must be an array, an iterable or an async iterable.`,
      );
    }
  }

  /** Whether no more items will come. */
  get isOver(): boolean {
    return this.#over && this.#here.length === 0;
  }

  /**
   * The next items: at most `most`, and only those that are available now. Further items are announced by `came`. An
   * array is not copied.
   */
  take(most: number): Items {
    if (this.#array !== null) return this.#takeSome(this.#array, most);
    const array = this.#sync === null ? this.#takeHere(most) : this.#takeSync(this.#sync, most);
    return { array, start: 0, count: array.length };
  }

  #takeHere(most: number): unknown[] {
    const taken = this.#here.splice(0, most);
    this.#wanted = most - taken.length;
    void this.#pull();
    return taken;
  }

  /** Resolves when an async source that is being closed has finished, if its end can be awaited. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** No more items are needed. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#here.length = 0;
    // A running generator cannot be closed: it is closed after it has yielded.
    if (!this.#taking) this.#return();
  }

  #return(): void {
    try {
      this.#sync?.return?.();
      const ended: unknown = this.#async?.return?.();
      if (!isThenable(ended)) return;
      // A failure of `return` is ignored: the run ends for another reason.
      const left = whenSettled(settled(ended), ignore, ignore);
      if (!this.#pulling) this.#closed = left;
    } catch {
      // A failure of `return` is ignored: the run ends for another reason.
    }
  }

  #takeSome(array: readonly unknown[], most: number): Items {
    const start = this.#next;
    const count = this.#over ? 0 : Math.max(0, Math.min(most, array.length - start));
    this.#next += count;
    // As with array iterators, items added during the iteration are included until the end has been reached.
    if (this.#next >= array.length) this.#over = true;
    return { array, start, count };
  }

  #takeSync(iterator: Iterator<unknown>, most: number): unknown[] {
    const taken: unknown[] = [];
    this.#taking = true;
    try {
      while (taken.length < most && !this.#over) {
        const next = iterator.next();
        if (typeof next !== 'object' || next === null)
          throw new TypeError(`its iterator returned ${show(next)}`);
        const { done, value } = next;
        if (this.#over) this.#return();
        else if (done === true) this.#over = true;
        else taken.push(value);
      }
    } catch (error) {
      this.#over = true;
      this.#events.failed(error);
    } finally {
      this.#taking = false;
    }
    return taken;
  }

  async #pull(): Promise<void> {
    if (this.#pulling || this.#over) return;
    this.#pulling = true;
    try {
      while (!this.#over && this.#here.length < this.#wanted) {
        const { done, value } = await (this.#async as AsyncIterator<unknown>).next();
        if (this.#over) return;
        if (done === true) this.#over = true;
        else this.#here.push(value);
        this.#events.came();
      }
    } catch (error) {
      if (this.#over) return;
      this.#over = true;
      this.#events.failed(error);
    } finally {
      this.#pulling = false;
    }
  }
}

/** Total number of items, if the source provides it. */
function totalOf(items: unknown): number | undefined {
  if (typeof items !== 'object' || items === null) return undefined;
  const { length, size } = items as { length?: unknown; size?: unknown };
  const known = length ?? size;
  return typeof known === 'number' && Number.isSafeInteger(known) && known >= 0 ? known : undefined;
}

/**
 * Null if the value has no such iterator. @throws the error of the source; TypeError if the result is not an iterator.
 */
function iteratorOf(items: unknown, symbol: symbol): object | null {
  if (typeof items === 'string' || items === null || items === undefined) return null;
  const make = (items as { readonly [symbol: symbol]: unknown })[symbol];
  if (typeof make !== 'function') return null;
  const iterator: unknown = Reflect.apply(make, items, []);
  if ((typeof iterator === 'object' || typeof iterator === 'function') && iterator !== null) return iterator;
  throw new TypeError(`its iterator is ${show(iterator)}`);
}

const ignore = (): void => {};

/** Whether the value is an array whose iterator is known to yield its elements. */
function isPlainArray(items: unknown): items is readonly unknown[] {
  return (
    // A proxy may return other values than the array has.
    !types.isProxy(items) &&
    Array.isArray(items) &&
    Object.getPrototypeOf(items) === Array.prototype &&
    items[Symbol.iterator] === ARRAY_ITERATOR &&
    items.constructor === Array
  );
}
