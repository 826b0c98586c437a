/**
 * When lanes that died are replaced: a state machine without a clock or timers
 * of its own. Times are ms on any clock that does not go back.
 *
 *             maxDeaths within deathWindow,
 *             or starts that keep failing            the open time is over
 *   closed ─────────────────────────────────► open ────────────────────────► trial
 *     ▲                                         ▲                             │ │
 *     │                                         └── its lane died: twice the ─┘ │
 *     │                                             open time, at most 60 s     │
 *     └── its lane answered a call, or lived 1 s after it was ready ────────────┘
 *
 *   closed   Lanes are replaced: at once, or when lanes die that were started
 *            to replace others, with no answered call in between, 50, 100,
 *            200 ... at most 2,000 ms after the last death. Lanes that die
 *            together are one step of that: they say nothing of each other.
 *            Failed starts are steps of the same size, and answers of other
 *            lanes do not shorten them.
 *   open     No lane is started. First for `deathWindow`, at most 60 s.
 *   trial    One lane is started. The others that are left go on.
 *
 * Guarantees:
 * - Lanes that cannot start open the breaker whatever `maxDeaths` is, and however
 *   many are wanted: 8 rounds of starts without a lane that became ready, or 3
 *   that took 10 s. Rounds are counted, not lanes: a round may end at its first
 *   failure, and the back-off bounds the rounds within any window.
 * - A trial has one lane at a time. Only that lane ends the trial: lanes from
 *   before neither prove anything by their answers nor fail it by their death.
 * - It cannot get stuck: open ends by time alone; a trial's lane that ends
 *   without dying ({@link Restarts.gone}), or is not ready within 60 s, makes
 *   room for another. A lane in a long call is not waited for: 1 s is proof.
 * - After a trial that succeeded everything is allowed, and no death counts
 *   that came before.
 * - `mayStart` is a question: it takes nothing, and may be asked at any time.
 *   {@link Restarts.started} is the act.
 * - What happens when does not depend on how often it is asked. Steps that are
 *   due are made, and told, by the next method that is given the time.
 * - Each step is told once, when it is complete: a listener may ask and start
 *   lanes. Where it does so in the midst of `mayStart`, it has the answer, and
 *   the one who asked first gets 0, since its number of lanes is out of date.
 */

import { Math } from '../../builtins.js';

/** As in the options of a pool, filled in. */
export interface RestartSettings {
  /** Deaths within the window that open the breaker; Infinity is never. */
  readonly maxDeaths: number;
  /** ms. */
  readonly deathWindow: number;
}

/** `open`: no lane is started for a while; `trial`: one is, to see whether it lives. */
export type BreakerState = 'closed' | 'open' | 'trial';

/** What is told of the steps. */
export interface RestartNews {
  /** A lane died, and may be replaced after that many ms. */
  restarting(delayMs: number): void;
  /** No lane is started for `retryInMs`: that many died within the last `withinMs`. */
  opened(deaths: number, withinMs: number, retryInMs: number): void;
  /** One lane may be started. */
  trial(): void;
  /** It has proved itself: all may be started. */
  closed(): void;
}

/** ms between a second death and its replacement; doubles with every further one. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;
/** Rounds of starts in a row that open the breaker when they fail. */
const FAILED_ROUNDS = 8;
/** The same, where they have taken `SLOW_MS` together. */
const SLOW_FAILED_ROUNDS = 3;
const SLOW_MS = 10_000;
/** ms that a trial's lane has to live once it is ready. */
const PROOF_MS = 1_000;
/** ms that a trial's lane has to become ready before another may be started beside it. */
const PATIENCE_MS = 60_000;
const LONGEST_OPEN_MS = 60_000;
/** Deaths that are remembered where no number of them opens the breaker. */
const REMEMBERED = 1_000;

/** @typeParam Lane what lanes are known by: compared, never read. */
export class Restarts<Lane extends object> {
  readonly #settings: RestartSettings;
  readonly #news: RestartNews;
  #state: BreakerState = 'closed';
  /** When the next step is due: the end of the back-off, of the open time, of the trial lane's proof or of the patience with it. */
  #dueAt = Infinity;
  /** Times of the latest deaths, none older than the window. */
  #deaths: number[] = [];
  /** Generations of lanes that have died since a call was answered, and when the last did: lanes started before are of it. */
  #run = 0;
  #ranAt = -Infinity;
  /** Rounds of starts that have failed since a lane became ready, when the first did, and when the last did. */
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

  /** The last step's. It changes by time only when a method is given the time. */
  get state(): BreakerState {
    return this.#state;
  }

  /** ms: when to ask again, since the answer changes by then; Infinity while time alone changes nothing. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Rounds of starts that have failed since a lane became ready. */
  get failedStarts(): number {
    return this.#failed;
  }

  /** Deaths within the window, since the breaker closed. Counted up to `maxDeaths`, or 1,000 where that is Infinity. */
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

  /** A lane has been started. In a trial that is its lane. */
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

  /** A lane has answered a call. For every call: two fields, but for the one that ends a trial. */
  worked(lane: Lane): void {
    // A wait that has begun goes on, since its length has been told; the next death is a first one.
    // Where starts fail it is not: what other lanes answer says nothing of those.
    if (this.#failed === 0) this.#run = 0;
    if (lane === this.#lane) this.#close();
  }

  /** A lane ended before it was ready, or could not even be made. @param createdAt when it was started. */
  failed(now: number, lane: Lane, createdAt: number): void {
    // First: a trial that has succeeded meanwhile ends what came before.
    this.#advance(now);
    if (this.#failed === 0) this.#failedSince = now;
    if (this.#failed === 0 || createdAt >= this.#failedAt) {
      this.#failed += 1;
      this.#failedAt = now;
    }
    const slow = this.#failed >= SLOW_FAILED_ROUNDS && now - this.#failedSince >= SLOW_MS;
    this.#ended(now, lane, createdAt, slow || this.#failed >= FAILED_ROUNDS);
  }

  /** A lane that had been ready ended unexpectedly. @param createdAt when it was started. */
  died(now: number, lane: Lane, createdAt: number): void {
    this.#ended(now, lane, createdAt, false);
  }

  /** A lane ended, or was given up, and did not die by itself: it was killed to stop a call, recycled, lost. */
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
      this.#news.trial();
    } else if (this.#state === 'trial') {
      if (this.#laneReady) this.#close();
      // It may still prove itself, until another one is started.
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
    this.#news.opened(this.#deaths.length, this.#settings.deathWindow, this.#openMs);
  }

  #close(): void {
    this.#leaveTrial('closed', Infinity);
    this.#deaths = [];
    this.#run = 0;
    this.#failed = 0;
    this.#news.closed();
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
