/**
 * When calls were made, for calls that are made together: reading the clock
 * takes 25 to 100 ns, a good part of what a small call costs the host. What
 * lies between two readings tells how fast the host hands calls out.
 *
 * Guarantee: a reading is used again in the tick in which it was made, for
 * {@link SHARED} calls at most, and by no call with a deadline. So a call was
 * made at that time or later, by no more than the caller's own work between a
 * few calls of one tick.
 */

import { Math, performance } from '../../builtins.js';

/** Calls that share a reading. */
const SHARED = 4;
/** µs that a call costs the host, before anything is known, and where it is measured to be less. */
const LEAST_US = 0.4;
/** µs: what takes longer is the caller's work, or another program's. */
const MOST_US = 4;
/** Weight of a new measurement. */
const WEIGHT = 1 / 16;

/** Tells ticks apart. */
export interface Ticks {
  /** Odd while something will end this tick before the event loop goes on; another number in every tick. */
  readonly tick: number;
}

export class TickClock {
  readonly #ticks: Ticks;
  #tick = 0;
  #left = 0;
  #now = 0;
  #callUs = LEAST_US;

  constructor(ticks: Ticks) {
    this.#ticks = ticks;
  }

  /** µs that a call costs the host at the moment, its caller's work included. */
  get callUs(): number {
    return this.#callUs;
  }

  /** ms. */
  read(): number {
    const { tick } = this.#ticks;
    // An even number may be the same in another tick.
    const same = tick === this.#tick && (tick & 1) === 1;
    if (same && this.#left > 0) {
      this.#left -= 1;
      return this.#now;
    }
    const now = performance.now();
    // To take its result costs as much as to hand it out.
    if (same) this.#measure(((now - this.#now) * 1_000 * 2) / SHARED);
    this.#tick = tick;
    this.#left = SHARED - 1;
    this.#now = now;
    return now;
  }

  #measure(us: number): void {
    this.#callUs += (Math.min(Math.max(us, LEAST_US), MOST_US) - this.#callUs) * WEIGHT;
  }
}
