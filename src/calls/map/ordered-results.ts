/**
 * Results on their way to whoever reads them: in the order of their items, or
 * as they come; one by one, or kept until the end and read together.
 *
 * Guarantees:
 * - Each result is given out once.
 * - In order, a group is given out when all before it have been; what is left
 *   when the run fails is told by {@link leftOver}, and what was kept is.
 */
import { Collector } from '../batches/collector.js';
import type { Group } from './group.js';

/** There is no result (yet). */
export const NOTHING: unique symbol = Symbol('no result');

/** A result, and the item that it is of. */
export interface Finished {
  /** Counted from 0. */
  readonly index: number;
  /** The result. */
  readonly value: unknown;
}

/** The form of a result that its reader gets. */
export type View<T> = (value: unknown, index: number) => T;

/** Items of a group that may have results to be given out. */
interface Piece {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
}

/** Items ahead of a reader at most: so many, and so many times those that it has read. A fast one is soon far enough not to be held up. */
const FIRST_AHEAD = 4_096;
const AHEAD_OF_READ = 2;

export class OrderedResults {
  /** Whether all are kept, and read together in the end. */
  keepsAll = false;
  readonly #ordered: boolean;
  /** Groups that are not given out yet, in order. */
  readonly #groups: Group[] = [];
  /** Without an order: what is to be given out behind the current piece. */
  readonly #pieces: Piece[] = [];
  /** What is read together, in the end. */
  readonly #kept: Piece[] = [];
  #piece: Piece | null = null;
  /** The next result of the piece. */
  #at = 0;
  #passed = 0;
  /** No more results will come. */
  #ended = false;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Items that may be pulled and not passed, so that a slow reader is not far behind what was pulled. */
  get ahead(): number {
    return this.keepsAll ? Infinity : FIRST_AHEAD + AHEAD_OF_READ * this.#passed;
  }

  /** Keeps what is kept, and passes by what was left out at the head. @returns items that are given out, kept, or left out. */
  pass(): number {
    if (this.keepsAll) this.keep();
    else void this.isEmpty;
    return this.#passed;
  }

  /** Items have been taken from the source. */
  open(group: Group): void {
    if (this.#ordered) this.#groups.push(group);
  }

  /** Items of a group are over. */
  add(group: Group, from: number, to: number): void {
    if (!this.#ordered && from < to) this.#pieces.push({ group, from, to });
  }

  /** An item is over, and there is nothing to be given out. */
  leftOut(): void {
    // In order it is passed with its group.
    if (!this.#ordered) this.#passed += 1;
  }

  /** The next result, or {@link NOTHING}. */
  take<T>(view: View<T>): T | typeof NOTHING {
    if (this.isEmpty) return NOTHING;
    const { group } = this.#piece as Piece;
    const at = this.#at;
    const one = view(group.value(at), group.from + at);
    group.give(at);
    this.#passed += 1;
    this.#step(at + 1);
    return one;
  }

  /** Keeps what is ready, before {@link end}, or where nothing is missing. Its items are not needed any more. */
  keep(): void {
    while (!this.isEmpty) {
      const { group, to } = this.#piece as Piece;
      const from = this.#at;
      this.#kept.push({ group, from, to });
      for (let at = from; at < to; at = group.nextResult(at + 1, to)) this.#passed += 1;
      if (group.left === 0) group.release();
      this.#piece = null;
    }
  }

  /** All that was kept. @param expected how many there are, where that is known. */
  collect(expected: number | undefined): unknown[] {
    const all = new Collector(expected);
    for (const { group, from, to } of this.#kept.splice(0)) group.drain(from, to, all);
    return all.all();
  }

  /** Whether nothing is ready. */
  get isEmpty(): boolean {
    if (this.#piece === null) this.#refill();
    return this.#piece === null;
  }

  /** No more results will come: what is there is given out as far as it goes without a gap. */
  end(): void {
    if (this.keepsAll) this.keep();
    this.#ended = true;
  }

  /** Results that have not been delivered, in the order of their items: they were kept, not asked for, or are behind one that is missing. */
  leftOver(): Finished[] {
    const left = new Map<number, Finished>();
    const groups = this.#groups.map((group) => ({ group, from: 0, to: group.count }));
    const current = this.#piece === null ? [] : [{ ...this.#piece, from: this.#at }];
    for (const { group, from, to } of [...this.#kept, ...current, ...this.#pieces, ...groups]) {
      for (let at = group.nextResult(from, to); at < to; at = group.nextResult(at + 1, to)) {
        // A piece may be of a group that is there, too.
        left.set(group.from + at, { index: group.from + at, value: group.value(at) });
      }
    }
    return [...left.values()].toSorted((one, other) => one.index - other.index);
  }

  /** Goes on to the next result of the piece, if there is one. */
  #step(at: number): void {
    const { group, to } = this.#piece as Piece;
    this.#at = group.nextResult(at, to);
    if (this.#at === to) this.#piece = null;
  }

  #refill(): void {
    for (let next = this.#nextPiece(); next !== null; next = this.#nextPiece()) {
      this.#piece = next;
      this.#step(next.from);
      if (this.#piece !== null) return;
    }
  }

  #nextPiece(): Piece | null {
    if (!this.#ordered) return this.#pieces.shift() ?? null;
    const [group] = this.#groups;
    if (group === undefined) return null;
    if (group.left === 0) {
      this.#groups.shift();
      this.#passed += group.leftOut;
      return { group, from: 0, to: group.count };
    }
    if (!this.#ended) return null;
    // As far as it goes without a gap; then there is nothing more.
    const to = group.firstOpen;
    const from = group.nextResult(0, to);
    return from === to ? null : { group, from, to };
  }
}
