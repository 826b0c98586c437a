/**
 * The life of a lane's process.
 *
 *   running ──► ending: asked to, or given up ──► ended
 *      └────────────────────────────────────────► ended by itself: the cause is reported
 *
 * Guarantees:
 * - `ended` is called once, and no bytes come after it.
 * - Every question is answered, or fails before `ended` is called.
 * - While a call, an answer or the end of the process is awaited, it keeps the host's process alive; otherwise it does
 *   not.
 */
import { Promise, clearTimeout, setTimeout } from '../../builtins.js';
import { whenSettled } from '../../promises.js';
import type { NativeEnd } from '../../engines/system/system-calls.js';
import { type DeathPhase, LaneCrashedError } from '../../errors.js';
import { pathOfName } from '../../engines/loading/loader-alias.js';
import type { LaneReport, Question, ToLane } from '../../shared/messages/messages.js';
import { type ModuleAnswer, type ModuleOrder, nameOfPlace } from '../../shared/messages/module-messages.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { Child, type ChildOptions } from './child.js';
import { type ChildEnd, reasonOf } from './child-end.js';
import type { Death } from '../death.js';
import type { ProbeOpen, ProbeOpened } from '../lane.js';
import { type Answer, Questions } from './questions.js';
import { deserializeError } from './deserialize-error.js';

/** ms within which a process must end by itself before it is killed. */
const EXIT_MS = 1_000;

/** Why the pool has killed a process. */
interface KillVerdict {
  /** Ends a sentence that begins with the lane's name. */
  readonly reason: string;
  readonly advice?: string;
  readonly cause?: unknown;
  /** See `Death.disorder`. */
  readonly disorder?: boolean;
}

const SEVERED: KillVerdict = {
  reason: 'closed its socket to the pool, and was ended by the pool',
  advice:
    'Native code closed a file descriptor that does not belong to it. Look for a loop that closes all descriptors (as before an exec), a close() of a descriptor that was never opened, or a descriptor that is closed twice.',
};
const DISORDER_ADVICE =
  'Native code wrote to memory, or to a file descriptor, that does not belong to it: check the declaration (types, lengths, pointers) and the arguments.';

export interface LifeEvents {
  /** Bytes have arrived on the socket. */
  came(): void;
  /** Sends a message to the lane, in order with calls. */
  announce(message: ToLane): void;
  /** The last known phase of the lane. */
  phase(): DeathPhase;
  /** Whether the lane has reported that its end of the socket was closed. */
  severed(): boolean;
  /** The process has ended. `death` is null if the end was requested. */
  ended(death: Death | null): void;
}

export class ChildLife {
  readonly child: Child;
  readonly #lane: string;
  readonly #events: LifeEvents;
  readonly #questions = new Questions();
  /** Paths of the libraries and modules that the lane has been asked to open without an answer so far, by question. */
  readonly #trials = new Map<number, string>();
  /** ms that the lane may take for the module that it loads ahead of the others; 0 if it loads none. */
  moduleMs = 0;
  readonly #ended: Promise<void>;
  #endedNow: () => void = () => {};
  #ending = false;
  #killed = false;
  #over = false;
  /** Why the pool has killed the process: the first cause. */
  #kill: KillVerdict | undefined;
  #death: Death | undefined;

  constructor(lane: string, options: ChildOptions, events: LifeEvents) {
    this.#lane = lane;
    this.#events = events;
    this.#ended = new Promise((resolve) => {
      this.#endedNow = resolve;
    });
    this.child = new Child(options, {
      rung: () => {
        if (!this.#over) events.came();
      },
      ended: (end) => this.#onEnd(end),
    });
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Whether the process has ended, or has been asked to end. */
  get isEnding(): boolean {
    return this.#ending;
  }

  async ask(question: Question): Promise<LaneReport> {
    const { report } = await this.#ask((id) => ({ kind: 'ask', id, question }));
    return report;
  }

  /**
   * The library that the lane is opening ahead of the others; null once it has answered, even if the answer has not
   * been read.
   */
  get opening(): string | null {
    for (const path of this.#trials.values()) return path;
    return null;
  }

  answered(id: number, answer: Answer): void {
    this.#trials.delete(id);
    this.#questions.answered(id, answer);
  }

  /** See `Lane.probeOpen`. */
  async probeOpen(library: ProbeOpen): Promise<ProbeOpened | null> {
    try {
      const { error, file } = await this.#ask((id) => {
        this.#trials.set(id, pathOfName(library.path));
        return { kind: 'try', id, ...library };
      });
      if (error !== null) throw deserializeError(error);
      return { file };
    } catch (error) {
      if (!(error instanceof LaneCrashedError)) throw error;
      // The lane died for another reason, or was given up, before it opened the library.
      if (this.#death?.phase !== 'boot') return null;
      throw couldNotOpen(pathOfName(library.path), this.#lane, this.#death);
    }
  }

  /** See `Lane.loadModule`. */
  async loadModule(order: ModuleOrder): Promise<ModuleAnswer> {
    this.moduleMs = order.limitMs;
    const { module } = await this.#ask((id) => {
      this.#trials.set(id, nameOfPlace(order.place));
      return { kind: 'load', id, order };
    });
    this.moduleMs = 0;
    if (module === null)
      throw new LaneCrashedError(`Lane ${this.#lane} gave no answer.`, { lane: this.#lane });
    return module;
  }

  /** Checks whether the process has ended. See `Lane.lookForEnd`. */
  lookForEnd(thoroughly: boolean, endOf: (pid: number) => NativeEnd | 'running' | null): boolean {
    const { child } = this;
    if (this.#over) return false;
    if (thoroughly || child.isCut || child.pid === undefined) child.lookForEnd(endOf);
    return !this.isOver && child.isCut;
  }

  /** Gives the process up. */
  kill(): void {
    this.#killed = true;
    this.child.kill();
  }

  /** The lane's memory is invalid: it must not run another call. */
  corrupted(cause: unknown): void {
    // A TypeError or RangeError is only a consequence of invalid data, so its text is of no use.
    const told = cause instanceof Error && !(cause instanceof TypeError || cause instanceof RangeError);
    const error = told ? cause : new Disorder('the memory shared with the host', cause);
    this.#kill ??= {
      reason: `corrupted the memory or the pipes that it shares with the pool (${error.message}), and was ended by the pool`,
      advice: DISORDER_ADVICE,
      cause: error,
      disorder: true,
    };
    this.child.kill();
  }

  /** The lane has exceeded its time. */
  overdue(reason: string, advice: string): void {
    this.#kill ??= { reason, advice };
    this.child.kill();
  }

  /** Ends the process. @param now whether there is nothing to wait for. @returns a promise for the real end. */
  end(now: boolean): Promise<void> {
    if (!this.#ending) {
      this.#ending = true;
      this.#questions.fail(this.#hasEnded());
      if (now || this.#killed) this.child.kill();
      else this.#finish();
      this.child.hold(true);
    }
    return this.#ended;
  }

  #verdict(end: ChildEnd): Death {
    const { exitCode, signal } = end;
    // Another signal means that the process ended by itself.
    const mayBe = signal === undefined ? exitCode !== undefined : signal === 'SIGKILL';
    const severed = mayBe && (this.child.severed || this.#events.severed());
    const {
      reason,
      advice,
      cause,
      disorder = false,
    }: KillVerdict = this.#kill ?? (severed ? SEVERED : { reason: reasonOf(end) });
    return {
      reason,
      advice,
      disorder,
      phase: this.#events.phase(),
      signal,
      exitCode,
      pid: this.child.pid,
      stderr: this.child.stderr.lines,
      cause: cause ?? end.cause,
    };
  }

  /** Lets the process exit by itself, so that exit handlers of native code run. */
  #finish(): void {
    this.child.close();
    const timer = setTimeout(() => this.child.kill(), EXIT_MS).unref();
    void whenSettled(this.#ended, () => clearTimeout(timer));
  }

  async #ask(make: (id: number) => ToLane): Promise<Answer> {
    if (this.#ending) throw this.#hasEnded();
    try {
      const answer = this.#questions.ask((id) => this.#events.announce(make(id)));
      this.#hold();
      return await answer;
    } finally {
      this.#hold();
    }
  }

  #hasEnded(): LaneCrashedError {
    return new LaneCrashedError(`Lane ${this.#lane} has ended.`, { lane: this.#lane });
  }

  #hold(): void {
    if (!this.#over) this.child.hold(this.#questions.open || this.#ending);
  }

  #onEnd(end: ChildEnd): void {
    this.#over = true;
    const expected = this.#ending;
    this.#ending = true;
    this.#endedNow();
    if (expected) {
      this.#events.ended(null);
      return;
    }
    const death = this.#verdict(end);
    this.#death = death;
    this.#questions.fail(
      new LaneCrashedError(`Lane ${this.#lane} ended before it replied: it ${death.reason}.`, {
        lane: this.#lane,
        ...death,
      }),
    );
    this.#events.ended(death);
  }
}

function couldNotOpen(path: string, lane: string, { reason, ...details }: Death): LaneCrashedError {
  return new LaneCrashedError(
    `${path} could not be opened: the lane that opened it (${lane}) ${reason}. The likely cause is code that runs when a library is loaded: ` +
      'its constructors, or those of the libraries that it needs. Load it in a debugger, or check those libraries. The pool continues.',
    { ...details, lane },
  );
}
