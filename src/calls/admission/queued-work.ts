/**
 * The work that waits for lanes, counted by priority and function, to tell how
 * much work is in front of a new call. Run times are looked up on each query, so
 * a changed estimate applies to all waiting calls at once.
 *
 * Adding and removing are O(1). A query is O(functions with waiting calls).
 *
 * Guarantee: adding and removing a call use the same values (its function,
 * priority and number of items), so counts cannot drift.
 */
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';

/** The properties of a call that are counted. */
export interface Counted {
  readonly fn: Pick<DeclaredFunction, 'expectedMs'>;
  readonly priority: number;
  readonly items: { readonly count: number } | null;
}

/** Work in front of a call. */
export interface WorkAhead {
  readonly calls: number;
  /** ms of work for one lane; functions that have not been measured count as 0. */
  readonly ms: number;
}

interface Share {
  calls: number;
  /** A batch counts once for each of its items. */
  runs: number;
}

type Line = Map<Counted['fn'], Share>;

export class QueuedWork {
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
    // Keeps no reference to the functions of a closed library.
    if (share.calls === 0) line.delete(call.fn);
  }

  /** The work in front of a new call of this priority: all calls of the same and higher priorities. */
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
