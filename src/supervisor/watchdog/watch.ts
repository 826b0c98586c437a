/**
 * Everything that is due at a time: timeouts, deadlines, grace periods, calls
 * stuck behind a long one, lanes that do not start. One timer for all of it,
 * and none for a call: a lane runs one call at a time, so the calls that can
 * run out of time are as many as the lanes.
 *
 * `check` does what is due and says when to look next. It is called by the
 * timer, and directly while the host blocks and timers cannot fire.
 */
import { Math, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { LONGEST_MS } from '../../options/checks.js';

export class Watch {
  readonly #check: (now: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;

  /** @param check does what is due at `now` and returns the time of the next look, or Infinity. */
  constructor(check: (now: number) => number) {
    this.#check = check;
  }

  /** When the next look is due, on the host's clock. */
  get due(): number {
    return this.#due;
  }

  /** Asks for a look at a time, in ms on the host's clock. Cheap when one is due before. */
  by(time: number): void {
    if (time >= this.#due) return;
    this.#set(time);
  }

  /** Looks now. */
  look(): void {
    const now = performance.now();
    this.#due = Infinity;
    const next = this.#check(now);
    this.#set(Math.min(next, this.#due));
  }

  stop(): void {
    this.#set(Infinity);
  }

  /** Node's timers may fire up to a millisecond early. */
  #onTimer(time: number): void {
    if (performance.now() < time) this.#set(time);
    else this.look();
  }

  #set(time: number): void {
    clearTimeout(this.#timer);
    this.#due = time;
    if (time === Infinity) return;
    const delay = Math.min(Math.max(Math.ceil(time - performance.now()), 1), LONGEST_MS);
    // Never what keeps the process alive: a pending call does that by its lane's lease.
    this.#timer = setTimeout(() => this.#onTimer(time), delay).unref();
  }
}
