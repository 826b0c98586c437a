/**
 * Creation times of calls, shared by calls that are made together: reading the
 * clock takes 25 to 100 ns, much of the host's cost of a small call. The time
 * between two readings shows how fast the host dispatches calls.
 *
 * Guarantee: a reading is reused only in its own tick, for {@link SHARED} calls
 * at most, and never for a call with a deadline. So a shared time is too early
 * by no more than the caller's own work between a few calls of one tick.
 */

import { Math, performance } from '../../builtins.js';

/** Number of calls that share a reading. */
const SHARED = 4;
/** Initial and least µs that the host spends on a call. */
const LEAST_US = 0.4;
/** Most µs that the host spends on a call: longer times are due to the caller's work or another program. */
const MOST_US = 4;
/** Weight of a new measurement. */
const WEIGHT = 1 / 16;

/** Distinguishes ticks. */
export interface Ticks {
  /** Differs from tick to tick. Odd while it is certain to change before the event loop goes on. */
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

  /** µs that the host currently spends on a call, including the caller's work. */
  get callUs(): number {
    return this.#callUs;
  }

  /** @returns the time of a call made now, in ms on the host's clock. */
  read(): number {
    const { tick } = this.#ticks;
    // An even number may still be the same in the next tick.
    const same = tick === this.#tick && (tick & 1) === 1;
    if (same && this.#left > 0) {
      this.#left -= 1;
      return this.#now;
    }
    const now = performance.now();
    // Taking the result of a call costs as much as dispatching it.
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
