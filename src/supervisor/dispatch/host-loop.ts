/**
 * How the host learns that lanes have finished something.
 *
 *   resting ──dispatch──► deciding (end of the tick)
 *                            ├─ back within µs ──► spinning, in this very tick
 *                            ├─ back soon ───────► polling, once in every turn of the event loop
 *                            └─ else ────────────► armed: asleep on the doorbell, costs nothing
 *
 * Short calls are worth looking for: an awaited one then returns without a
 * trip through the event loop. A turn spins for a bounded time altogether, so
 * timers and sockets are never starved, and spins that find nothing are done
 * less and less often. When the lanes have enough to do, the host sleeps and
 * results gather: looking at each would take the core that a lane needs.
 *
 * Guarantee: while anything is in flight, the loop is deciding, polling, or
 * armed. Arming looks once more after announcing itself (see bell.ts).
 */
import { Math, performance, queueMicrotask, setImmediate } from '../../builtins.js';
import type { Doorbell } from '../../shared/memory/bell.js';
import { mostReadings } from '../../shared/spin.js';

/** What the loop drives. */
export interface LoopWork {
  /** Lets the lanes see what this tick has dispatched. */
  publish(): void;
  /** Takes every finished call from the lanes. @returns how many there were. */
  harvest(): number;
  /** Whether anything is in flight. */
  busy(): boolean;
  /** µs until something worth a look is expected; Infinity when that is not known to be short. */
  soonUs(): number;
  /** Settles when the lanes ring: called before the loop sleeps. */
  gather(): void;
  /** Whether a lane would ring by now. */
  rung(): boolean;
  /** Whether somebody waits for something: then the process has to live. */
  awaited(): boolean;
}

/** µs of spinning in one turn of the event loop, altogether. */
const TURN_SPIN_US = 150;
/** Results expected within these µs are polled for: going to sleep and waking costs as much. */
const POLL_US = 40;
/** µs without a result after which polling goes to sleep. */
const POLL_PATIENCE_US = 100;
/** The same after polling in vain, again and again. */
const LEAST_PATIENCE_US = 3;
/** Polls in a row without a result, whatever the clock says: a turn of the event loop takes about a µs at least. */
const MOST_POLLS = 1_000;
/** Spins skipped at most after spins that found nothing. */
const MOST_SKIPPED = 32;

const microseconds = (): number => performance.now() * 1_000;

export class HostLoop {
  readonly #bell: Doorbell;
  readonly #work: LoopWork;
  readonly #spinUs: number;
  /** A wait on the bell is pending; it cannot be taken back, only used again. */
  #waiting = false;
  #armed = false;
  #polling = false;
  #tick = 0;
  #spinBudgetUs = TURN_SPIN_US;
  #patienceUs = POLL_PATIENCE_US;
  #skip = 0;
  #skipNext = 1;
  #lastResult = 0;
  #polls = 0;

  /** @param spinUs µs to spin at a time; 0 never spins. */
  constructor(bell: Doorbell, work: LoopWork, spinUs: number) {
    this.#bell = bell;
    this.#work = work;
    this.#spinUs = spinUs;
  }

  /** Odd while a decision will end this tick, before the event loop goes on; another number in every tick. */
  get tick(): number {
    return this.#tick;
  }

  /** Something was dispatched, or changed: see to it that results are noticed. Cheap. */
  notice(): void {
    if ((this.#tick & 1) === 1) return;
    this.#tick += 1;
    // After all that this tick dispatches.
    queueMicrotask(this.#decide);
  }

  /** Looks now. Used when this thread is about to block, or has other reason to know. */
  look(): void {
    this.#harvest();
  }

  /**
   * Arms the bell for a host that is about to block on it by itself.
   * @returns the count to sleep on.
   */
  armToBlock(): number {
    this.#armed = true;
    return this.#bell.arm();
  }

  /** The host has stopped blocking: from here on the loop sees to results again. */
  stopBlocking(): void {
    // Time has passed, although the tick goes on.
    if ((this.#tick & 1) === 1) this.#tick += 2;
    this.#disarm();
    this.notice();
  }

  readonly #decide = (): void => {
    this.#tick += 1;
    this.#work.publish();
    this.#bell.hold(this.#work.awaited());
    if (!this.#work.busy()) {
      this.#disarm();
      return;
    }
    const soon = this.#work.soonUs();
    if (soon <= this.#spinUs && this.#maySpin()) {
      this.#disarm();
      if (this.#spin()) {
        // What was settled may have more to dispatch: look again after that.
        this.notice();
        return;
      }
    }
    if (this.#polling) return;
    if (soon <= POLL_US) this.#poll();
    else this.#arm();
  };

  #arm(): void {
    const already = this.#armed;
    if (!already) this.#work.gather();
    const count = already ? 0 : this.#bell.arm();
    this.#armed = true;
    // Whatever finished before the bell was armed, or was not wanted then, will not ring it.
    if (this.#work.rung()) {
      this.#disarm();
      this.#harvest();
      // By way of the event loop: results may be there every time one looks.
      if (!this.#polling) this.#poll();
      return;
    }
    if (already || this.#waiting) return;
    this.#waiting = true;
    this.#bell.whenRung(count, () => {
      this.#waiting = false;
      this.#armed = false;
      this.#harvest();
      this.notice();
    });
  }

  #disarm(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#bell.disarm();
  }

  #poll(): void {
    this.#disarm();
    this.#polling = true;
    setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#polling = false;
    this.#spinBudgetUs = TURN_SPIN_US;
    if (this.#harvest() > 0) {
      this.#polls = 0;
      this.#patienceUs = Math.min(this.#patienceUs * 2, POLL_PATIENCE_US);
      this.notice();
    } else if (!this.#work.busy()) {
      // Others have taken what was polled for: nobody may wait any more, and the process is to be let go.
      this.notice();
    } else if (this.#polls < MOST_POLLS && microseconds() - this.#lastResult < this.#patienceUs) {
      this.#polls += 1;
      this.#poll();
    } else {
      this.#polls = 0;
      // Polling in vain takes the core that a lane may be waiting for.
      this.#patienceUs = Math.max(this.#patienceUs / 2, LEAST_PATIENCE_US);
      this.#arm();
    }
  };

  #maySpin(): boolean {
    if (this.#spinBudgetUs <= 0) return false;
    if (this.#skip === 0) return true;
    this.#skip -= 1;
    return false;
  }

  /** @returns whether it found something. */
  #spin(): boolean {
    const start = microseconds();
    // The budget is for a turn: a turn has to come that renews it.
    if (!this.#polling) this.#poll();
    const until = start + Math.min(this.#spinUs, this.#spinBudgetUs);
    let now = start;
    let found = 0;
    let left = mostReadings(this.#spinUs);
    do {
      for (let look = 0; look < 20 && found === 0; look += 1) found = this.#work.harvest();
      now = microseconds();
      left -= 1;
    } while (found === 0 && now < until && left > 0);
    this.#spinBudgetUs -= now - start;
    if (found > 0) {
      this.#lastResult = now;
      this.#skipNext = 1;
      return true;
    }
    this.#skip = this.#skipNext;
    this.#skipNext = Math.min(this.#skipNext * 2, MOST_SKIPPED);
    return false;
  }

  #harvest(): number {
    const found = this.#work.harvest();
    if (found > 0) this.#lastResult = microseconds();
    return found;
  }
}
