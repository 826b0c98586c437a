/**
 * How many items travel together: so many that a lane is busy for some ms,
 * since each batch costs the host a wake-up, and few enough that progress is
 * seen, calls of others get their turn, and all lanes end at about the same time.
 */

import { Math } from '../../builtins.js';

/** ms that a batch should take. A wake-up, with all that comes with it, costs the host some 100 µs. */
const BATCH_MS = 4;
/** The same where nobody else has anything to do in the pool: a call that comes then waits for one such batch. */
const LONE_BATCH_MS = 12;
/** ms that a batch takes at least, where there are items for that: the last ones are shared among lanes, but not down to one by one. */
const LEAST_MS = 0.5;
/** A batch has at most so many times the items of the one before: a first measurement is no verdict. */
const GROWTH = 32;

/** Batches under way at once: one runs in each lane, and one waits behind it; with fewer takers than lanes, none may wait. */
export function batchesAtOnce(takers: number, lanes: number): number {
  return takers < lanes ? takers : 2 * lanes;
}

/** ms of the host's thread that one batch may take when it comes back: failed items have errors and handlers. */
const HOST_MS = 10;

export class Pace {
  #most = 1;
  #itemMs = Infinity;
  #hostItemMs = 0;

  /**
   * Items for the next batch.
   * @param left items that are left, for so many takers; Infinity when not known.
   * @param alone whether the pool has nothing to do for others.
   */
  size(left: number, takers: number, capacity: number, alone = false): number {
    const ms = alone ? LONE_BATCH_MS : BATCH_MS;
    const worth = this.#itemMs === Infinity ? 1 : ms / this.#itemMs;
    const share = Math.max(Math.ceil(left / (2 * takers)), LEAST_MS / this.#itemMs);
    const bearable = HOST_MS / this.#hostItemMs;
    return Math.max(1, Math.floor(Math.min(worth, this.#most, share, left, capacity, bearable)));
  }

  /** A batch has come back. @param items those that are over. */
  measure(items: number, ms: number): void {
    if (items === 0) return;
    // Clocks have their limits.
    const each = Math.max(ms, 0.001) / items;
    // Faster is believed at once, slower by and by: a preempted batch is no verdict either.
    this.#itemMs = each < this.#itemMs ? each : (this.#itemMs * 3 + each) / 4;
    this.#most = Math.max(this.#most, items * GROWTH);
  }

  /** The host has dealt with what a batch has brought. @param items those that are over. */
  measureHost(items: number, ms: number): void {
    if (items === 0) return;
    const each = ms / items;
    // Slower is believed at once: the next one would hold up everybody else.
    this.#hostItemMs = Math.max(each, (this.#hostItemMs * 3 + each) / 4);
  }
}
