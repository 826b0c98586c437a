/**
 * Decides when dead lanes are replaced: a state machine without clock and timers.
 * Times are ms on any monotonic clock.
 *
 *             maxDeaths within deathWindow,
 *             or repeated failed starts              the open time is over
 *   closed ─────────────────────────────────► open ────────────────────────► trial
 *     ▲                                         ▲                             │ │
 *     │                                         └── its lane died: twice the ─┘ │
 *     │                                             open time, at most 60 s     │
 *     └── its lane answered a call, or lived 1 s after it was ready ────────────┘
 *
 *   closed   Lanes are replaced at once; when replacements die, too, with no
 *            answered call in between, 50, 100, 200 ... at most 2,000 ms after
 *            the last death. Lanes that die together are one step of this
 *            back-off, since their deaths may have one cause. Failed starts are
 *            steps, too, and answers of other lanes do not reset those.
 *   open     No lane is started: first for `deathWindow`, at most 60 s.
 *   trial    One lane is started. Remaining lanes go on.
 *
 * Guarantees:
 * - Lanes that cannot start open the breaker whatever `maxDeaths` is, and however
 *   many are wanted: after 8 rounds of starts without a ready lane, or 3 that
 *   took 10 s. Rounds are counted, not lanes: a round may end at its first
 *   failure, and the back-off bounds the rounds within any window.
 * - A trial has one lane at a time, and only that lane ends the trial: answers
 *   and deaths of older lanes do not.
 * - No state is final: open ends by time alone; a trial's lane that ends
 *   without dying ({@link Restarts.gone}), or is not ready within 60 s, makes
 *   way for another. 1 s of life is proof, so a long call does not delay the end.
 * - After a successful trial every lane may be started, and earlier deaths do
 *   not count.
 * - `mayStart` only asks, and may be called at any time; {@link Restarts.started}
 *   reports a start.
 * - The result does not depend on how often methods are called: the next method
 *   that is given the time makes the steps that are due, and reports them.
 * - Each step is reported once, when it is complete, so a listener may ask and
 *   start lanes. If it does so during a `mayStart`, the outer `mayStart` returns
 *   0, since its number of lanes is out of date.
 */

import { Math } from '../../builtins.js';

/** The options of a pool that concern restarts, with defaults applied. */
export interface RestartSettings {
  /** Deaths within the window that open the breaker; Infinity for never. */
  readonly maxDeaths: number;
  /** ms. */
  readonly deathWindow: number;
}

/** `closed`: lanes are replaced; `open`: no lane is started for a while; `trial`: one lane is started as a test. */
export type BreakerState = 'closed' | 'open' | 'trial';

/** Receives the steps of the state machine. */
export interface RestartNews {
  /** A lane died, and may be replaced after `delayMs`. */
  restarting(delayMs: number): void;
  /** No lane is started for `retryInMs`: `deaths` lanes died within the last `withinMs`. */
  breakerOpened(deaths: number, withinMs: number, retryInMs: number): void;
  /** One lane may be started. */
  breakerTrial(): void;
  /** The trial has succeeded: all lanes may be started. */
  breakerClosed(): void;
}

/** ms between a second death and the replacement; doubles with every further death. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;
/** Failed rounds of starts in a row that open the breaker. */
const FAILED_ROUNDS = 8;
/** The same for rounds that have taken `SLOW_MS` together. */
const SLOW_FAILED_ROUNDS = 3;
const SLOW_MS = 10_000;
/** ms that a trial's lane has to live after it became ready. */
const PROOF_MS = 1_000;
/** ms within which a trial's lane has to become ready; after that another may be started. */
const PATIENCE_MS = 60_000;
const LONGEST_OPEN_MS = 60_000;
/** Deaths that are remembered when `maxDeaths` is Infinity. */
const REMEMBERED = 1_000;

/** @typeParam Lane identity of a lane: compared, never read. */
export class Restarts<Lane extends object> {
  readonly #settings: RestartSettings;
  readonly #news: RestartNews;
  #state: BreakerState = 'closed';
  /** When the next step is due: the end of the back-off, of the open time, or of the time of a trial's lane. */
  #dueAt = Infinity;
  /** Times of the latest deaths, none older than the window. */
  #deaths: number[] = [];
  /** Generations of lanes that have died since a call was answered, and when the last one died: lanes started before belong to it. */
  #run = 0;
  #ranAt = -Infinity;
  /** Rounds of starts that have failed since a lane became ready, and the times of the first and the last. */
  #failed = 0;
  #failedSince = 0;
  #failedAt = -Infinity;
  #openMs = 0;
  /** The trial's lane; null in the other states. */
  #lane: Lane | null = null;
  #laneReady = false;
  /** Whether a trial may start its lane. False in the other states. */
  #vacant = false;
  #questions = 0;

  constructor(settings: RestartSettings, news: RestartNews) {
    this.#settings = settings;
    this.#news = news;
  }

  /** The state after the last step. Time changes it only when a method is given the time. */
  get state(): BreakerState {
    return this.#state;
  }

  /** When the answer of `mayStart` changes, in ms; Infinity while time alone does not change it. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Rounds of starts that have failed since a lane became ready. */
  get failedStarts(): number {
    return this.#failed;
  }

  /** Deaths within the window, since the breaker closed. Counted up to `maxDeaths`, or 1,000 if `maxDeaths` is Infinity. */
  deaths(now: number): number {
    this.#forget(now);
    return this.#deaths.length;
  }

  /**
   * How many lanes may be started now.
   * @param wanted lanes that are missing.
   */
  mayStart(now: number, wanted: number): number {
    this.#questions += 1;
    const question = this.#questions;
    this.#advance(now);
    if (question !== this.#questions) return 0;
    return Math.max(0, Math.min(wanted, this.#most()));
  }

  /** A lane has been started. In a trial it becomes the trial's lane. */
  started(now: number, lane: Lane): void {
    if (!this.#vacant) return;
    this.#lane = lane;
    this.#laneReady = false;
    this.#vacant = false;
    this.#dueAt = now + PATIENCE_MS;
  }

  /** A lane takes calls. */
  ready(now: number, lane: Lane): void {
    this.#advance(now);
    this.#failed = 0;
    if (lane !== this.#lane || this.#laneReady) return;
    this.#laneReady = true;
    this.#vacant = false;
    this.#dueAt = now + PROOF_MS;
  }

  /** A lane has answered calls. On the hot path: reads two fields. */
  worked(lane: Lane): void {
    // A back-off that has begun goes on, since its length has been reported; the next death counts as the first.
    // While starts fail it does not: answers of other lanes do not show that lanes can start.
    if (this.#failed === 0) this.#run = 0;
    if (lane === this.#lane) this.#close();
  }

  /** A lane ended before it was ready, or could not be made. @param createdAt when it was started. */
  failed(now: number, lane: Lane, createdAt: number): void {
    // First: a trial that has succeeded meanwhile resets the counts.
    this.#advance(now);
    if (this.#failed === 0) this.#failedSince = now;
    if (this.#failed === 0 || createdAt >= this.#failedAt) {
      this.#failed += 1;
      this.#failedAt = now;
    }
    const slow = this.#failed >= SLOW_FAILED_ROUNDS && now - this.#failedSince >= SLOW_MS;
    this.#ended(now, lane, createdAt, slow || this.#failed >= FAILED_ROUNDS);
  }

  /** A lane that was ready ended unexpectedly. @param createdAt when it was started. */
  died(now: number, lane: Lane, createdAt: number): void {
    this.#ended(now, lane, createdAt, false);
  }

  /** The pool ended a lane (recycled it, or killed it to stop a call) or lost it: not a death. */
  gone(now: number, lane: Lane): void {
    this.#advance(now);
    if (lane !== this.#lane) return;
    this.#lane = null;
    this.#vacant = true;
    this.#dueAt = Infinity;
  }

  /** @param startsFail whether lanes have been failing to start for long enough to stop. */
  #ended(now: number, lane: Lane, createdAt: number, startsFail: boolean): void {
    this.#advance(now);
    this.#remember(now);
    if (this.#run === 0 || createdAt >= this.#ranAt) {
      this.#run += 1;
      this.#ranAt = now;
    }
    if (this.#state === 'closed') {
      if (startsFail || this.#deaths.length >= this.#settings.maxDeaths) {
        this.#open(now, this.#settings.deathWindow);
      } else this.#backOff(now);
    } else if (lane === this.#lane) {
      this.#open(now, this.#openMs * 2);
    }
  }

  #most(): number {
    if (this.#state === 'closed') return this.#dueAt === Infinity ? Infinity : 0;
    return this.#vacant ? 1 : 0;
  }

  /** Makes the step that is due. */
  #advance(now: number): void {
    if (now < this.#dueAt) return;
    this.#dueAt = Infinity;
    if (this.#state === 'open') {
      this.#state = 'trial';
      this.#vacant = true;
      this.#news.breakerTrial();
    } else if (this.#state === 'trial') {
      if (this.#laneReady) this.#close();
      // The lane may still succeed until another one is started.
      else this.#vacant = true;
    }
  }

  #backOff(now: number): void {
    const delayMs = this.#run === 1 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#run - 2));
    this.#dueAt = delayMs === 0 ? Infinity : now + delayMs;
    this.#news.restarting(delayMs);
  }

  #open(now: number, openMs: number): void {
    this.#openMs = Math.min(LONGEST_OPEN_MS, openMs);
    this.#leaveTrial('open', now + this.#openMs);
    this.#news.breakerOpened(this.#deaths.length, this.#settings.deathWindow, this.#openMs);
  }

  #close(): void {
    this.#leaveTrial('closed', Infinity);
    this.#deaths = [];
    this.#run = 0;
    this.#failed = 0;
    this.#news.breakerClosed();
  }

  #leaveTrial(state: BreakerState, dueAt: number): void {
    this.#state = state;
    this.#dueAt = dueAt;
    this.#lane = null;
    this.#vacant = false;
  }

  #remember(now: number): void {
    const { maxDeaths } = this.#settings;
    this.#forget(now);
    this.#deaths.push(now);
    if (this.#deaths.length > (maxDeaths === Infinity ? REMEMBERED : maxDeaths)) this.#deaths.shift();
  }

  #forget(now: number): void {
    const since = now - this.#settings.deathWindow;
    const kept = this.#deaths.findIndex((at) => at > since);
    this.#deaths.splice(0, kept < 0 ? this.#deaths.length : kept);
  }
}
