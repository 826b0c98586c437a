/**
 * Deadlines of calls, which include queueing and running: a binary heap, earliest
 * first. A call leaves the heap when it settles, so the heap has pending calls only.
 */

/** A place in the heap. */
export interface Due<T> {
  readonly call: T;
  /** ms on the host's clock. */
  readonly at: number;
  /** Index in the heap, maintained by the heap; -1 once removed. */
  place: number;
}

export class Deadlines<T> {
  readonly #heap: Due<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline, or Infinity. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  /** @returns the call's place, for `remove`. */
  add(call: T, at: number): Due<T> {
    const due: Due<T> = { call, at, place: this.#heap.length };
    this.#heap.push(due);
    this.#rise(due.place);
    return due;
  }

  /** Removes a place. Idempotent. */
  remove(due: Due<T>): void {
    const from = due.place;
    if (from < 0) return;
    due.place = -1;
    const last = this.#heap.pop() as Due<T>;
    if (last === due) return;
    this.#put(last, from);
    this.#rise(from);
    this.#sink(last.place);
  }

  /** Removes and returns the earliest call whose deadline has passed. */
  takeDue(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.remove(first);
    return first.call;
  }

  #put(due: Due<T>, place: number): void {
    this.#heap[place] = due;
    due.place = place;
  }

  #rise(from: number): void {
    const due = this.#heap[from] as Due<T>;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above] as Due<T>;
      if (parent.at <= due.at) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(due, place);
  }

  #sink(from: number): void {
    const due = this.#heap[from] as Due<T>;
    let place = from;
    for (;;) {
      let below = place * 2 + 1;
      const right = this.#heap[below + 1];
      if (right !== undefined && right.at < (this.#heap[below] as Due<T>).at) below += 1;
      const child = this.#heap[below];
      if (child === undefined || child.at >= due.at) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(due, place);
  }
}
