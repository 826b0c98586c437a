/**
 * One timer for everything that is due at a time: timeouts, deadlines, grace
 * periods, calls stuck behind a long one, lanes that do not start. Calls need no
 * timers of their own: a lane runs one call at a time, so no more calls than
 * lanes can time out.
 *
 * `check` does what is due and returns when to look next. The timer calls it, or
 * the host itself while it blocks and timers do not fire.
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

  /** Requests a look at `time`, in ms on the host's clock. Cheap when an earlier one is due. */
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
    // The timer never keeps the process alive: a pending call does, see `keep-alive.ts`.
    this.#timer = setTimeout(() => this.#onTimer(time), delay).unref();
  }
}
