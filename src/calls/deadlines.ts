/**
 * Deadlines over queueing and running: a binary heap, earliest first. A call
 * that settles leaves at once, so the heap holds only calls that are pending.
 */

/** What has a deadline. `heapAt` belongs to the heap; -1 outside it. */
export interface Due {
  /** ms on the host's clock. */
  readonly deadlineAt: number;
  heapAt: number;
}

export class Deadlines<T extends Due> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline, or Infinity. */
  get next(): number {
    return this.#heap[0]?.deadlineAt ?? Infinity;
  }

  add(call: T): void {
    this.#heap.push(call);
    this.#rise(this.#heap.length - 1);
  }

  remove(call: T): void {
    const at = call.heapAt;
    if (at < 0) return;
    call.heapAt = -1;
    const last = this.#heap.pop() as T;
    if (last === call) return;
    this.#place(last, at);
    this.#rise(at);
    this.#sink(last.heapAt);
  }

  /** Takes out the earliest call whose deadline has come. */
  takeDue(now: number): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.deadlineAt > now) return undefined;
    this.remove(first);
    return first;
  }

  #place(call: T, at: number): void {
    this.#heap[at] = call;
    call.heapAt = at;
  }

  #rise(from: number): void {
    const call = this.#heap[from] as T;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above] as T;
      if (parent.deadlineAt <= call.deadlineAt) break;
      this.#place(parent, at);
      at = above;
    }
    this.#place(call, at);
  }

  #sink(from: number): void {
    const call = this.#heap[from] as T;
    let at = from;
    for (;;) {
      let below = at * 2 + 1;
      const right = this.#heap[below + 1];
      if (right !== undefined && right.deadlineAt < (this.#heap[below] as T).deadlineAt) below += 1;
      const child = this.#heap[below];
      if (child === undefined || child.deadlineAt >= call.deadlineAt) break;
      this.#place(child, at);
      at = below;
    }
    this.#place(call, at);
  }
}
