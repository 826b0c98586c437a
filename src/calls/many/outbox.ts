/**
 * Results on their way to whoever reads them: in the order of their items, or
 * as they come.
 *
 * Guarantees:
 * - Each result is given out once.
 * - In order, a group is given out when all before it have been; what is left
 *   when the run fails is told by {@link leftOver}.
 */

/** Items that were taken from the source together. */
export interface Group {
  /** Index of the first among all items. */
  readonly from: number;
  readonly items: readonly unknown[];
  /** What came of each; {@link NOTHING} where there is no result (yet). */
  readonly values: unknown[];
  /** Items that are not over. */
  left: number;
}

/** In place of a result: the item is not over, or has ended the run. */
export const NOTHING: unique symbol = Symbol('no result');
/** In place of a result: there is none to be given out, or it has been. */
export const LEFT_OUT: unique symbol = Symbol('left out');

/** A result, and the item that it is of. */
export interface Finished {
  /** Counted from 0. */
  readonly index: number;
  readonly value: unknown;
}

export class Outbox {
  readonly #ordered: boolean;
  /** Groups that are not given out yet, in order. */
  readonly #groups: Group[] = [];
  #ready: Finished[] = [];
  #next = 0;
  /** No more results will come. */
  #ended = false;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Items have been taken from the source. */
  open(group: Group): void {
    if (this.#ordered) this.#groups.push(group);
  }

  /** Items of a group have results. */
  add(group: Group, from: number, to: number): void {
    if (this.#ordered) return;
    for (let at = from; at < to; at += 1) this.#push(group, at);
  }

  /** The next result, or {@link NOTHING}. */
  take(): Finished | typeof NOTHING {
    if (this.#next === this.#ready.length) this.#refill();
    if (this.#next === this.#ready.length) return NOTHING;
    const one = this.#ready[this.#next] as Finished;
    this.#next += 1;
    return one;
  }

  /** Results that are ready. */
  get size(): number {
    return this.#ready.length - this.#next;
  }

  /** No more results will come: what is there is given out as far as it goes without a gap. */
  end(): void {
    this.#ended = true;
  }

  /** Results that nobody will be given: they are behind one that is missing. */
  leftOver(): Finished[] {
    return this.#groups.flatMap(({ from, values }) =>
      values.flatMap((value, at) => (isResult(value) ? [{ index: from + at, value }] : [])),
    );
  }

  #refill(): void {
    this.#ready = [];
    this.#next = 0;
    for (let group = this.#groups[0]; group?.left === 0; group = this.#groups[0]) {
      group.values.forEach((_, at) => this.#push(group, at));
      this.#groups.shift();
      if (this.#ready.length > 0) return;
    }
    const [first] = this.#groups;
    if (!this.#ended || first === undefined) return;
    for (let at = 0; at < first.values.length && first.values[at] !== NOTHING; at += 1) this.#push(first, at);
  }

  #push({ from, values }: Group, at: number): void {
    const value = values[at];
    if (isResult(value)) this.#ready.push({ index: from + at, value });
    values[at] = LEFT_OUT;
  }
}

const isResult = (value: unknown): boolean => value !== NOTHING && value !== LEFT_OUT;
