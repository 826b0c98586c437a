/**
 * Creation times of calls, shared by calls that are made together: reading the
 * clock takes 25 to 200 ns, much of the host's cost of a small call. The time
 * between two readings shows how fast the host dispatches calls.
 *
 * Guarantee: a reading is reused only in its own tick, never for a call with a
 * deadline, and for {@link SHARED} calls at first. As long as calls follow each
 * other within µs, each reading of that tick serves twice as many as the one
 * before, up to {@link MOST_SHARED}. So a shared time is too early by no more than
 * the caller's own work between a few calls of one tick.
 */

import { Math, performance } from '../../builtins.js';

/** Number of calls that share the first reading of a tick. */
const SHARED = 4;
/** Most calls that share a reading. */
const MOST_SHARED = 32;
/** µs between two calls up to which more of them share the next reading. */
const CLOSE_US = 2;
/** Initial and least µs that the host spends on a call. */
const LEAST_US = 0.4;
/** Most µs that the host spends on a call: longer times are due to the caller's work or another program. */
const MOST_US = 4;
/** Weight of a new measurement. */
const WEIGHT = 1 / 16;

/** A reading of the clock, in ms on the host's clock. An object: calls that share it have no number of their own. */
export interface Moment {
  readonly at: number;
}

/** Distinguishes ticks. */
export interface Ticks {
  /** Differs from tick to tick. Odd while it is certain to change before the event loop goes on. */
  readonly tick: number;
}

export class TickClock {
  readonly #ticks: Ticks;
  #tick = 0;
  #left = 0;
  #shared = SHARED;
  #now: Moment = { at: 0 };
  #callUs = LEAST_US;

  constructor(ticks: Ticks) {
    this.#ticks = ticks;
  }

  /** µs that the host currently spends on a call, including the caller's work. */
  get callUs(): number {
    return this.#callUs;
  }

  /** @returns the time of a call made now. */
  read(): Moment {
    const { tick } = this.#ticks;
    // An even number may still be the same in the next tick.
    const same = tick === this.#tick && (tick & 1) === 1;
    if (same && this.#left > 0) {
      this.#left -= 1;
      return this.#now;
    }
    const now = performance.now();
    this.#shared = same ? this.#measure((now - this.#now.at) * 1_000, this.#shared) : SHARED;
    this.#tick = tick;
    this.#left = this.#shared - 1;
    this.#now = { at: now };
    return this.#now;
  }

  /** Learns from the time that some calls took. @returns how many calls share the next reading. */
  #measure(us: number, calls: number): number {
    // Taking the result of a call costs as much as dispatching it.
    const callUs = Math.min(Math.max((us * 2) / calls, LEAST_US), MOST_US);
    this.#callUs += (callUs - this.#callUs) * WEIGHT;
    return us < CLOSE_US * calls ? Math.min(calls * 2, MOST_SHARED) : SHARED;
  }
}
