/**
 * The work that waits for a lane, by priority and by function: how much of it a
 * call of some priority would find in front of itself. Kept as counts, so that
 * what a function's calls take is looked up when somebody asks, and an estimate
 * that changes holds at once for all of them.
 *
 * To add and to remove are O(1). To ask takes as long as there are functions
 * with calls that wait, however many calls these are.
 *
 * Guarantee: what is added and removed is the same for a call at both times
 * (its function, its priority, its number of items), so counts cannot drift.
 */
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';

/** What is counted of a call. */
export interface Counted {
  readonly fn: Pick<DeclaredFunction, 'expectedMs'>;
  readonly priority: number;
  readonly items: { readonly count: number } | null;
}

/** Work in front of a call. */
export interface WorkAhead {
  readonly calls: number;
  /** ms of one lane; functions that have not been measured count nothing. */
  readonly ms: number;
}

interface Share {
  calls: number;
  /** A batch counts once for each of its items. */
  runs: number;
}

type Line = Map<Counted['fn'], Share>;

export class Backlog {
  readonly #lines = new Map<number, Line>();

  add(call: Counted): void {
    const line = this.#line(call.priority);
    const share = line.get(call.fn);
    const runs = call.items?.count ?? 1;
    if (share === undefined) line.set(call.fn, { calls: 1, runs });
    else {
      share.calls += 1;
      share.runs += runs;
    }
  }

  remove(call: Counted): void {
    const line = this.#line(call.priority);
    const share = line.get(call.fn);
    if (share === undefined) return;
    share.calls -= 1;
    share.runs -= call.items?.count ?? 1;
    // A function whose library has been closed is not to be kept.
    if (share.calls === 0) line.delete(call.fn);
  }

  /** What goes before a new call of that priority: all of higher ones, and of its own. */
  ahead(priority: number, now: number): WorkAhead {
    let calls = 0;
    let ms = 0;
    for (const [of, line] of this.#lines) {
      if (of < priority) continue;
      for (const [fn, share] of line) {
        calls += share.calls;
        ms += share.runs * fn.expectedMs(now);
      }
    }
    return { calls, ms };
  }

  #line(priority: number): Line {
    let line = this.#lines.get(priority);
    if (line === undefined) {
      line = new Map();
      this.#lines.set(priority, line);
    }
    return line;
  }
}
