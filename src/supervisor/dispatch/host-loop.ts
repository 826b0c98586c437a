/**
 * Detects that lanes have finished calls.
 *
 *   resting ──dispatch──► deciding (end of the tick)
 *                            ├─ a lane was woken for it ► spinning, then napping, in the same tick
 *                            ├─ result due within µs ──► spinning, in the same tick
 *                            ├─ result due soon ───────► polling, once per turn of the event loop
 *                            └─ else ──────────────────► armed: asleep on the doorbell, at no cost
 *
 * Spinning pays for short calls: an awaited one then returns without a trip
 * through the event loop. The spin time per turn is bounded, so timers and
 * sockets are not starved, and spins that find nothing become rarer. While the
 * lanes have enough work, the host sleeps and results accumulate: looking at
 * each would take the core that a lane needs.
 *
 * For a lone short call after a pause, the host spins for as long as a lane takes
 * to wake. A lane on the core of the host wakes only when this thread sleeps: so
 * it naps, for a part of a ms. Through the event loop, the call would take twice
 * as long. Both are tried ever more rarely where they find nothing, and at most
 * twice in a turn.
 *
 * Guarantee: while calls are in flight, the loop is deciding, polling, or armed.
 * After arming the bell, the loop looks at the lanes once more (see bell.ts).
 */
import { Math, performance, setImmediate } from '../../builtins.js';
import { resolved } from '../../promises.js';
import type { Doorbell } from '../../shared/memory/bell.js';
import { mostReadings } from '../../shared/spin.js';
import { SpinBackoff } from '../../shared/spin-backoff.js';

/** The work that the loop drives. */
export interface LoopWork {
  /** Publishes the calls dispatched in this tick to the lanes. */
  publish(): void;
  /** Takes all finished calls from the lanes. @returns how many there were. */
  harvest(): number;
  /** Whether lanes may have something for the host: results, starts, ends or callbacks. */
  busy(): boolean;
  /** µs until the next result is expected; Infinity when unknown. */
  soonUs(): number;
  /** Sets how many results the lanes gather before they ring. Called before the loop sleeps. */
  gather(): void;
  /** Whether a lane would ring by now. */
  rung(): boolean;
  /** Keeps the process alive while a call or an `open` is pending. */
  keepAlive(): void;
}

/** A lane that had to be woken. */
export interface WokenLane {
  /** Number of its calls. */
  readonly occupied: number;
  /** Whether it has a result. */
  readonly rung: boolean;
}

/** Total µs of spinning per turn of the event loop. */
const TURN_SPIN_US = 150;
/** µs: the loop polls for results expected sooner than this, since sleeping and waking costs as much. */
const POLL_US = 40;
/** µs without a result after which the loop stops polling and sleeps. */
const POLL_PATIENCE_US = 100;
/** The same after repeated polling without a result. */
const LEAST_PATIENCE_US = 3;
/** µs for which the host looks for the result of a short call whose lane had to be woken. */
const WOKEN_SPIN_US = 100;
/** ms of the nap after that. */
const NAP_MS = 0.15;
/** µs of a turn's spinning that both take together: they are done twice in a turn at most. */
const WOKEN_SHARE_US = TURN_SPIN_US / 2;
/** Most polls in a row without a result, in case the clock stands still: a turn of the event loop takes about 1 µs or more. */
const MOST_POLLS = 1_000;

const now = resolved(undefined);

const microseconds = (): number => performance.now() * 1_000;

export class HostLoop {
  readonly #bell: Doorbell;
  readonly #work: LoopWork;
  readonly #spinUs: number;
  /** A wait on the bell is pending; it cannot be cancelled, only reused. */
  #waiting = false;
  #armed = false;
  #polling = false;
  #tick = 0;
  #harvesting = false;
  /** {@link notice} was called during a harvest. */
  #noticed = false;
  #spinBudgetUs = TURN_SPIN_US;
  #patienceUs = POLL_PATIENCE_US;
  readonly #spins = new SpinBackoff();
  /** The lane that had to be woken since the last result. */
  #woken: WokenLane | null = null;
  readonly #wakes = new SpinBackoff();
  readonly #naps = new SpinBackoff();
  /** When polling without a result ends, in µs. */
  #pollUntil = 0;
  #lastResult = 0;
  /** When the last spin ended, in µs. */
  #lookedAt = 0;
  #polls = 0;

  /** @param spinUs µs to spin at a time; 0 never spins. */
  constructor(bell: Doorbell, work: LoopWork, spinUs: number) {
    this.#bell = bell;
    this.#work = work;
    this.#spinUs = spinUs;
  }

  /** Differs from tick to tick. Odd while a decision is pending at the end of this tick. */
  get tick(): number {
    return this.#tick;
  }

  /** A call was dispatched, or lanes have changed: results will be noticed from now on. Cheap. */
  notice(): void {
    if ((this.#tick & 1) === 1) return;
    if (this.#harvesting) {
      this.#noticed = true;
      return;
    }
    this.#tick += 1;
    void this.#decideLater();
  }

  /** A lane had to be woken for a short call: its result takes longer than the call runs. */
  woke(lane: WokenLane): void {
    this.#woken = lane;
  }

  /** Takes finished calls now, for a host that blocks. */
  look(): void {
    this.#harvest();
  }

  /** Looks for the result of a short call for some µs, for a host that is about to block: to sleep takes longer. */
  spinToBlock(): void {
    // A result that is there already says nothing about spins: the lane may have taken this core to run the call.
    if (this.#work.soonUs() > this.#spinUs || this.#harvest() > 0) return;
    const woke = this.#woken !== null;
    const backoff = woke ? this.#wakes : this.#spins;
    if (!backoff.may()) return;
    backoff.took(this.#lookFor(woke ? WOKEN_SPIN_US : this.#spinUs) > 0);
  }

  /**
   * Arms the bell for a host that is about to block on it.
   * @returns the count to sleep on.
   */
  armToBlock(): number {
    this.#armed = true;
    return this.#bell.arm();
  }

  /** The host has stopped blocking: the loop takes results again. */
  stopBlocking(): void {
    // Time has passed, although the tick goes on.
    if ((this.#tick & 1) === 1) this.#tick += 2;
    this.#disarm();
    this.notice();
  }

  /** Decides after all dispatches of this tick. `queueMicrotask` of Node.js would make an AsyncResource as well. */
  async #decideLater(): Promise<void> {
    await now;
    this.#decide();
  }

  #decide(): void {
    this.#tick += 1;
    this.#work.publish();
    if (this.#woken !== null && this.#awaitWoken(this.#woken)) {
      this.notice();
      return;
    }
    this.#work.keepAlive();
    if (!this.#work.busy()) {
      this.#disarm();
      this.#renewLater();
      return;
    }
    const soon = this.#work.soonUs();
    if (soon <= this.#spinUs && this.#spinBudgetUs > 0 && this.#spins.may()) {
      this.#disarm();
      if (this.#spin()) {
        // Callers of settled calls may dispatch more: decide again after that.
        this.notice();
        return;
      }
    }
    if (this.#polling) return;
    if (soon <= POLL_US) this.#poll();
    else this.#arm();
  }

  /** Waits in this tick for a short call, the only one of a lane that had to be woken. @returns whether a call has ended. */
  #awaitWoken(lane: WokenLane): boolean {
    this.#woken = null;
    if (lane.occupied !== 1 || this.#spinUs === 0 || this.#spinBudgetUs <= 0) return false;
    this.#spinBudgetUs -= WOKEN_SHARE_US;
    // A result that is there says nothing about spins: the lane has taken the core of this thread when it was woken.
    if (!lane.rung && this.#wakes.may()) this.#wakes.took(lookAt(lane, WOKEN_SPIN_US));
    if (!lane.rung && this.#naps.may()) {
      const count = this.#bell.arm();
      this.#armed = true;
      if (!lane.rung) this.#bell.nap(count, NAP_MS);
      this.#disarm();
      this.#naps.took(lane.rung);
    }
    return this.#harvest() > 0;
  }

  /** The next turn of the event loop renews the budget. */
  #renewLater(): void {
    if (this.#spinBudgetUs === TURN_SPIN_US || this.#polling) return;
    this.#polling = true;
    setImmediate(this.#onTurn);
  }

  #arm(): void {
    const already = this.#armed;
    if (!already) this.#work.gather();
    const count = already ? 0 : this.#bell.arm();
    this.#armed = true;
    // Results from before the bell was armed, or below the count to gather, do not ring it.
    if (this.#work.rung()) {
      this.#disarm();
      this.#harvest();
      // Through the event loop: every look may find results.
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

  #poll(until: number = this.#lastResult + this.#patienceUs): void {
    this.#disarm();
    this.#pollUntil = until;
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
      // The results were taken elsewhere: decide again, so that an idle process can end.
      this.notice();
    } else if (this.#polls < MOST_POLLS && microseconds() < this.#pollUntil) {
      this.#polls += 1;
      this.#poll(this.#pollUntil);
    } else {
      this.#polls = 0;
      // Useless polling takes the core that a lane may need.
      this.#patienceUs = Math.max(this.#patienceUs / 2, LEAST_PATIENCE_US);
      this.#arm();
    }
  };

  /** @returns whether it found a result. */
  #spin(): boolean {
    const start = microseconds();
    // Polling ensures another turn of the event loop, which renews the budget.
    if (!this.#polling) this.#poll();
    const found = this.#lookFor(Math.min(this.#spinUs, this.#spinBudgetUs), start) > 0;
    this.#spinBudgetUs -= this.#lookedAt - start;
    this.#spins.took(found);
    return found;
  }

  /** Looks for results until there is one, for so many µs at most. @returns how many there were. */
  #lookFor(us: number, start: number = microseconds()): number {
    let found = 0;
    let left = mostReadings(us);
    do {
      for (let look = 0; look < 20 && found === 0; look += 1) found = this.#take();
      this.#lookedAt = microseconds();
      left -= 1;
    } while (found === 0 && this.#lookedAt < start + us && left > 0);
    if (found > 0) {
      this.#lastResult = this.#lookedAt;
      this.#woken = null;
    }
    return found;
  }

  /** Callers of settled calls go on before the loop decides: {@link notice} has no effect until the calls have settled. */
  #take(): number {
    this.#harvesting = true;
    try {
      return this.#work.harvest();
    } finally {
      this.#harvesting = false;
      if (this.#noticed) {
        this.#noticed = false;
        this.notice();
      }
    }
  }

  #harvest(): number {
    const found = this.#take();
    if (found > 0) {
      this.#lastResult = microseconds();
      this.#woken = null;
    }
    return found;
  }
}

/** @returns whether the lane has had a result within so many µs. */
function lookAt(lane: WokenLane, us: number): boolean {
  const end = microseconds() + us;
  for (let left = mostReadings(us); left > 0; left -= 1) {
    for (let look = 0; look < 20; look += 1) if (lane.rung) return true;
    if (microseconds() >= end) return false;
  }
  return false;
}
