/**
 * Chooses the number of items in a batch: so many that a lane is busy for some ms, because each batch costs the host a
 * wake-up; and so few that progress is visible, other calls get their turn, and all lanes finish at about the same
 * time.
 */

import { Math } from '../../builtins.js';

/** ms that a batch should take. A wake-up costs the host some 100 µs in total. */
const BATCH_MS = 4;
/** The same while the pool has no other calls: a new call then waits for one such batch. */
const LONE_BATCH_MS = 12;
/**
 * Minimum ms for a batch while there are enough items: the last items are shared among the lanes, but not one by one.
 */
const LEAST_MS = 0.5;
/** Maximum growth from one batch to the next: a first measurement may be wrong. */
const GROWTH = 32;

/**
 * Batches in progress at once: one runs in each lane, and one waits behind it; with fewer takers than lanes, none may
 * wait.
 */
export function batchesAtOnce(takers: number, lanes: number): number {
  return takers < lanes ? takers : 2 * lanes;
}

/** ms that the host may spend on one batch when it comes back: failed items have errors and handlers. */
const HOST_MS = 10;

export class Pace {
  #most = 1;
  #itemMs = Infinity;
  #hostItemMs = 0;

  /**
   * Items for the next batch.
   * @param left items that are left for all `takers`; Infinity if not known.
   * @param alone whether the pool has no other calls.
   */
  size(left: number, takers: number, capacity: number, alone = false): number {
    const ms = alone ? LONE_BATCH_MS : BATCH_MS;
    const worth = this.#itemMs === Infinity ? 1 : ms / this.#itemMs;
    const share = Math.max(Math.ceil(left / (2 * takers)), LEAST_MS / this.#itemMs);
    const bearable = HOST_MS / this.#hostItemMs;
    return Math.max(1, Math.floor(Math.min(worth, this.#most, share, left, capacity, bearable)));
  }

  /** A batch has come back. @param items the number that have ended. */
  measure(items: number, ms: number): void {
    if (items === 0) return;
    // The clock may measure 0 ms.
    const each = Math.max(ms, 0.001) / items;
    // A faster time counts at once, a slower one gradually: the batch may have been preempted.
    this.#itemMs = each < this.#itemMs ? each : (this.#itemMs * 3 + each) / 4;
    this.#most = Math.max(this.#most, items * GROWTH);
  }

  /** The host has processed the results of a batch. @param items the number that have ended. */
  measureHost(items: number, ms: number): void {
    if (items === 0) return;
    const each = ms / items;
    // A slower time counts at once: the next batch would hold up all other work.
    this.#hostItemMs = Math.max(each, (this.#hostItemMs * 3 + each) / 4);
  }
}
