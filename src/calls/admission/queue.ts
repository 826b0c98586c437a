/**
 * Calls waiting for a lane: first in, first out within a priority, higher
 * priorities first. Adding, taking and removing from the middle are O(1); a
 * queued call costs two links.
 */

/** Where a queued call is. */
export interface Place {
  /** What its calls do there. */
  readonly state: 'queued' | 'waiting';
}

/** Hears of every call that comes in and goes out. */
export interface Tally<T> {
  add(call: T): void;
  remove(call: T): void;
}

/** What can be queued: the links belong to the queue. */
export interface Queued<T> {
  readonly priority: number;
  queue: Place | null;
  before: T | null;
  after: T | null;
}

interface Line<T> {
  readonly priority: number;
  first: T | null;
  last: T | null;
}

export class CallQueue<T extends Queued<T>> implements Place {
  readonly state: 'queued' | 'waiting';
  /** Highest priority first. Lines stay once made: priorities are few. */
  readonly #lines: Line<T>[] = [];
  readonly #tally: Tally<T> | null;
  #size = 0;

  constructor(state: 'queued' | 'waiting' = 'queued', tally: Tally<T> | null = null) {
    this.state = state;
    this.#tally = tally;
  }

  get size(): number {
    return this.#size;
  }

  /** The call to run next, or null. */
  peek(): T | null {
    if (this.#size === 0) return null;
    return this.#lines.find((line) => line.first !== null)?.first ?? null;
  }

  /** Adds behind all of its priority. */
  push(call: T): void {
    const line = this.#line(call.priority);
    call.queue = this;
    call.before = line.last;
    call.after = null;
    if (line.last === null) line.first = call;
    else line.last.after = call;
    line.last = call;
    this.#size += 1;
    this.#tally?.add(call);
  }

  /** Adds in front of all of its priority. */
  unshift(call: T): void {
    const line = this.#line(call.priority);
    call.queue = this;
    call.before = null;
    call.after = line.first;
    if (line.first === null) line.last = call;
    else line.first.before = call;
    line.first = call;
    this.#size += 1;
    this.#tally?.add(call);
  }

  /** Takes a call out, wherever it is. It has to be in this queue. */
  remove(call: T): void {
    const line = this.#line(call.priority);
    if (call.before === null) line.first = call.after;
    else call.before.after = call.after;
    if (call.after === null) line.last = call.before;
    else call.after.before = call.before;
    call.before = null;
    call.after = null;
    call.queue = null;
    this.#size -= 1;
    this.#tally?.remove(call);
  }

  /** All calls, in the order they would run. */
  toArray(): T[] {
    const calls: T[] = [];
    for (const line of this.#lines) {
      for (let call = line.first; call !== null; call = call.after) calls.push(call);
    }
    return calls;
  }

  #line(priority: number): Line<T> {
    const found = this.#lines.find((line) => line.priority === priority);
    if (found !== undefined) return found;
    const line: Line<T> = { priority, first: null, last: null };
    this.#lines.push(line);
    this.#lines.sort((one, other) => other.priority - one.priority);
    return line;
  }
}
