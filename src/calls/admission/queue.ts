/**
 * A queue of calls: first in, first out within a priority, higher priorities
 * first; in a queue of a session, first in, first out. Adding, taking and removing from the middle are O(1); a queued call
 * costs two links.
 */

/** The queue that a call is in. */
export interface Place {
  /** State of the calls in this queue. */
  readonly state: 'queued' | 'waiting';
}

/** Is told of every call that enters and leaves a queue. */
export interface Tally<T> {
  add(call: T): void;
  remove(call: T): void;
}

/** A call that can be queued. The queue maintains the links. */
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
  readonly #byPriority: boolean;
  #size = 0;

  constructor(state: 'queued' | 'waiting' = 'queued', tally: Tally<T> | null = null, byPriority = true) {
    this.state = state;
    this.#byPriority = byPriority;
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

  /** Adds a call behind all others of its priority. */
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

  /** Adds a call in front of all others of its priority. */
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

  /** Removes a call, which has to be in this queue. */
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

  /** All calls, in the order in which they would run. */
  toArray(): T[] {
    const calls: T[] = [];
    for (const line of this.#lines) {
      for (let call = line.first; call !== null; call = call.after) calls.push(call);
    }
    return calls;
  }

  #line(of: number): Line<T> {
    const priority = this.#byPriority ? of : 0;
    const found = this.#lines.find((line) => line.priority === priority);
    if (found !== undefined) return found;
    const line: Line<T> = { priority, first: null, last: null };
    this.#lines.push(line);
    this.#lines.sort((one, other) => other.priority - one.priority);
    return line;
  }
}
