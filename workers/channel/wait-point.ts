/**
 * The wait point of a lane's channel: where native code waits, inside its callback.
 *
 * Guarantee: no wake-up is lost. The lane reads the wait point, sets WAITING, checks its condition, and only then
 * sleeps on the value that it has read; the host changes the state, reads and clears WAITING, bumps the wait point, and
 * wakes the lane.
 */
import { Atomics, Math, performance } from '../../src/builtins.js';
import { Channel } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { mostReadings } from '../../src/shared/spin.js';
import type { LaneLink } from '../lane-link.js';

/** Maximum number of spins skipped after unsuccessful ones. */
const MOST_SKIPPED = 8;

export class WaitPoint {
  readonly #i32: Int32Array;
  readonly #waitPoint: number;
  readonly #waiting: number;
  readonly #link: Pick<LaneLink, 'wait'>;
  readonly #spinUs: number;
  /** Number of waits that skip the spin, after unsuccessful ones. */
  #skip = 0;
  #skipNext = 1;

  /** @param spinUs µs to spin before sleeping. */
  constructor({ i32, channel }: LaneMemory, link: Pick<LaneLink, 'wait'>, spinUs: number) {
    this.#i32 = i32;
    this.#link = link;
    this.#waitPoint = channel + Channel.WAIT_WORD;
    this.#waiting = channel + Channel.WAITING;
    this.#spinUs = spinUs;
  }

  /** Waits until `there` or `stopped` returns true. */
  wait(there: () => boolean, stopped: () => boolean): void {
    if (this.#spin(there, stopped)) return;
    const i32 = this.#i32;
    for (;;) {
      const seen = Atomics.load(i32, this.#waitPoint);
      Atomics.store(i32, this.#waiting, 1);
      if (there() || stopped()) break;
      this.#link.wait(this.#waitPoint, seen);
    }
    Atomics.store(i32, this.#waiting, 0);
  }

  /**
   * Spins briefly. If host and lane share a core, spinning only keeps the host from answering, so unsuccessful spins
   * become rare.
   * @returns whether the wait is over.
   */
  #spin(there: () => boolean, stopped: () => boolean): boolean {
    if (there() || stopped()) return true;
    if (this.#skip > 0) {
      this.#skip -= 1;
      return false;
    }
    const until = performance.now() + this.#spinUs / 1_000;
    let left = mostReadings(this.#spinUs);
    do {
      for (let look = 0; look < 20; look += 1) {
        if (!there()) continue;
        this.#skipNext = 1;
        return true;
      }
      if (stopped()) return true;
      left -= 1;
    } while (left > 0 && performance.now() < until);
    this.#skip = this.#skipNext;
    this.#skipNext = Math.min(this.#skipNext * 2, MOST_SKIPPED);
    return false;
  }
}
