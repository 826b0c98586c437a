/**
 * Results between the lanes and the reader: in the order of the items, or as they become available; delivered one by
 * one, or kept and read together at the end.
 *
 * Guarantees:
 * - Each result is delivered once.
 * - In ordered mode, a group is delivered after all groups before it. {@link leftOver} returns the results that are not
 *   delivered when the run fails, including kept ones.
 */
import { Collector } from '../batches/collector.js';
import type { Group } from './group.js';

/** No result is available (yet). */
export const NOTHING: unique symbol = Symbol('no result');

/** A result and the index of its item. */
export interface Finished {
  /** Index of the item, from 0. */
  readonly index: number;
  /** The result. */
  readonly value: unknown;
}

/** Converts a result to the form in which the reader receives it. */
export type View<T> = (value: unknown, index: number) => T;

/** A range of items of a group that may have results to deliver. */
interface Piece {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
}

/**
 * Maximum number of items ahead of a reader: this many, plus a multiple of the items that it has read. A fast reader
 * soon has a limit that does not hold it up.
 */
const FIRST_AHEAD = 4_096;
const AHEAD_OF_READ = 2;

export class OrderedResults {
  /** Whether all results are kept, and read together at the end. */
  keepsAll = false;
  readonly #ordered: boolean;
  /** Groups that are not delivered yet, in order. */
  readonly #groups: Group[] = [];
  /** In unordered mode: the pieces to deliver after the current one. */
  readonly #pieces: Piece[] = [];
  /** The results that are read together at the end. */
  readonly #kept: Piece[] = [];
  #piece: Piece | null = null;
  /** Index of the next result in the piece. */
  #at = 0;
  #passed = 0;
  /** No more results will come. */
  #ended = false;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /**
   * Maximum number of items that may be pulled and not passed: it bounds how far a slow reader falls behind the source.
   */
  get ahead(): number {
    return this.keepsAll ? Infinity : FIRST_AHEAD + AHEAD_OF_READ * this.#passed;
  }

  /**
   * Stores kept results, and skips omitted items at the head. @returns number of items that are delivered, kept, or
   * omitted.
   */
  pass(): number {
    if (this.keepsAll) this.keep();
    else void this.isEmpty;
    return this.#passed;
  }

  /** Adds a group of items taken from the source. */
  open(group: Group): void {
    if (this.#ordered) this.#groups.push(group);
  }

  /** Items of a group have ended. */
  add(group: Group, from: number, to: number): void {
    if (!this.#ordered && from < to) this.#pieces.push({ group, from, to });
  }

  /** An item has ended without a result. */
  leftOut(): void {
    // In ordered mode, an item is passed together with its group.
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

  /**
   * Stores the results that are ready, before {@link end}, or where none is missing. Their items are no longer needed.
   */
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

  /** All kept results. @param expected their number, if it is known. */
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

  /** No more results will come: the available results are delivered up to the first gap. */
  end(): void {
    if (this.keepsAll) this.keep();
    this.#ended = true;
  }

  /**
   * Results that have not been delivered, in the order of their items: kept results, results that were not read, and
   * results after a gap.
   */
  leftOver(): Finished[] {
    const left = new Map<number, Finished>();
    const groups = this.#groups.map((group) => ({ group, from: 0, to: group.count }));
    const current = this.#piece === null ? [] : [{ ...this.#piece, from: this.#at }];
    for (const { group, from, to } of [...this.#kept, ...current, ...this.#pieces, ...groups]) {
      for (let at = group.nextResult(from, to); at < to; at = group.nextResult(at + 1, to)) {
        // A piece may belong to a group that is also in the list.
        left.set(group.from + at, { index: group.from + at, value: group.value(at) });
      }
    }
    return [...left.values()].toSorted((one, other) => one.index - other.index);
  }

  /** Moves to the next result of the piece, if there is one. */
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
    // Up to the first gap; no result after it is delivered.
    const to = group.firstOpen;
    const from = group.nextResult(0, to);
    return from === to ? null : { group, from, to };
  }
}
