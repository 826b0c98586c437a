/**
 * A call: a promise that can be observed and stopped.
 *
 *   waiting ──► queued ──► running ──► succeeded | failed | cancelled | timed-out
 *      └──────────┴────────────────────────────► (any of the last three)
 *
 * Guarantee: an accepted call ends by `settle` or `succeed` only, and the first one wins.
 *
 * A call is a real Promise. Its `constructor` is Promise itself, not this class,
 * so `await` does not wrap it (three ticks and 200 ns less), and `then` returns
 * plain promises.
 */
import { inspect } from 'node:util';
import { Math, Promise, performance } from '../builtins.js';
import { ignoreFailure, promisePrototype, whenSettled } from '../promises.js';
import type { CallQueue, Place } from './admission/queue.js';
import type { Due } from './admission/deadlines.js';
import { CallCancelledError, type ErrorKind, type OffthreadError } from '../errors.js';
import { endBytes } from '../lanes/rows/copied-arguments.js';
import type { DeclaredFunction } from '../lanes/rows/declared-function.js';
import { type CallTrace, publish } from '../observe/trace.js';
import { State } from '../shared/memory/states.js';
import type {
  Ending,
  Job,
  JobItems,
  JobLane,
  CallbackState,
  StopEnding,
  Stopping,
} from '../supervisor/job.js';
import type { Moment } from '../supervisor/dispatch/tick-clock.js';
import { readProgress } from '../supervisor/results/settlement.js';

/** The state of a call. */
export type CallState = 'waiting' | 'queued' | 'running' | Ending;

/** Times of a call in ms. */
export interface CallTiming {
  /** ms since the epoch. */
  readonly createdAt: number;
  /** ms from creation to the start in a lane; before the start, until now. */
  readonly queuedMs: number;
  /** ms from the start to the end; while the call runs, until now. Undefined when it has not started. */
  readonly ranMs: number | undefined;
}

/** Progress of a call, as reported by native code. */
export interface CallProgress {
  /** Amount done, in a unit chosen by the native function. */
  readonly done: number;
  /** Total amount, in the same unit; 0 while unknown. */
  readonly total: number;
}

/** Times of a call that has settled. */
interface SettledTimes {
  /** ms from creation to the start, or to the end when it never started. */
  readonly queuedMs: number;
  /** ms from the start to the end; 0 when it never started. */
  readonly ranMs: number;
}

/** Record of how a call ended. */
export type SettledCall<T> =
  | ({
      /** The call has returned a value. */
      readonly status: 'succeeded';
      /** The value. */
      readonly value: T;
      /** Not present. */
      readonly error?: never;
      /** Not present. */
      readonly kind?: never;
    } & SettledTimes)
  | ({
      /** Why the call has not returned a value. */
      readonly status: 'failed' | 'cancelled' | 'timed-out';
      /** Not present. */
      readonly value?: never;
      /** The error that the call rejects with. */
      readonly error: OffthreadError;
      /** The kind of the error. */
      readonly kind: ErrorKind;
    } & SettledTimes);

/** A call of a native function: a promise that can be observed and cancelled. */
export interface NativeCall<T> extends Promise<T>, Disposable {
  /** A positive integer, unique among the calls of all pools of this thread. */
  readonly id: number;
  /** The current state. */
  readonly state: CallState;
  /** The values that native code last wrote to its `progress` parameter; undefined when the declaration has none. */
  readonly progress: CallProgress | undefined;
  /** When the call was made, and how long it has waited and run until now. */
  readonly timing: CallTiming;
  /**
   * Stops the call, which rejects with a CallCancelledError. A queued call never
   * starts. A running call is asked to return in every way that its declaration
   * names, and given up after the pool's `grace`, or at once when the declaration
   * names none. Idempotent.
   * @param reason becomes the error's `cause` and part of its message.
   * @returns whether this stopped the call; false when it had ended or was stopped before.
   */
  cancel(reason?: unknown): boolean;
  /** Never rejects: resolves to a record of how the call ended. */
  settled(): Promise<SettledCall<T>>;
}

/** What a call needs from its pool. */
export interface CallOwner {
  /** Stops a call. @returns whether this stopped it. */
  stop(call: Call, ending: StopEnding, error: OffthreadError): boolean;
  /** A plain call has succeeded; called before its promise settles. */
  onSucceeded(call: Call, startedAt: number, endedAt: number): void;
  /** The call has settled in any other way; called before its promise settles. */
  onSettled(call: Call, ending: Ending): void;
}

/** The session of a call, as the call's way through the pool sees it. */
export interface CallSession {
  readonly lane: JobLane;
  /** Its calls that wait for the lane, in the order in which they were made. */
  readonly queue: CallQueue<Call>;
  /** Its calls that wait for space in the queue of the pool. */
  readonly waiting: CallQueue<Call>;
  /** Why a call is refused; null if the session takes calls. */
  refusal(symbol: string): OffthreadError | null;
  /** A call has been accepted. */
  accepted(): void;
  /** An accepted call has settled. */
  settled(call: Call): void;
}

/** Limits of a call, shared by all calls of a function with the same options. */
export interface CallLimits {
  /** ms of running; Infinity for unlimited. */
  readonly timeout: number;
  readonly priority: number;
  readonly signal: AbortSignal | undefined;
  /** ms for each function on the host; undefined for that of the declaration or the pool. */
  readonly hostTimeout: number | undefined;
  readonly highWaterMark: number | undefined;
  /** Most starts of the call, counting those that crashed a lane. */
  readonly attempts: number;
  /** The session in whose lane the call runs; null for a call that any lane may take. */
  readonly session: CallSession | null;
}

/** What all calls of a native function share. */
export interface CallOrigin {
  /** Whether a call is numbers only, and nothing limits it but its timeout. */
  readonly plain: boolean;
  readonly fn: DeclaredFunction;
  readonly limits: CallLimits;
  readonly owner: CallOwner;
}

/** What settles the promise that is being made. */
interface Settlers {
  resolve: (value: never) => void;
  reject: (reason: unknown) => void;
}

/** Calls that share an object: one that is old costs twice as much to write to, because the collector has to be told. */
const SETTLERS_SHARED = 64;
const unset = (): void => {};
let settlers: Settlers = { resolve: unset, reject: unset };
let settlersLeft = SETTLERS_SHARED;

const capture = (resolve: (value: never) => void, reject: (reason: unknown) => void): void => {
  settlers.resolve = resolve;
  settlers.reject = reject;
};

function takeSettlers(): Settlers {
  settlersLeft -= 1;
  if (settlersLeft > 0) return settlers;
  settlersLeft = SETTLERS_SHARED;
  const taken = settlers;
  settlers = { resolve: unset, reject: unset };
  return taken;
}

const NOT_GIVEN: readonly unknown[] = [];

/** The state that few calls have, in an object of its own that is made when it is first needed. */
interface RareState {
  stopping: Stopping | null;
  callbackState: CallbackState | null;
  crashes: number;
  trace: CallTrace | null;
  /** The call's place in the heap of deadlines. */
  deadline: Due<Call> | null;
  /** The progress at the end of the call. */
  progress: CallProgress | null;
}

/**
 * The implementation of a call. Fields that may never be used start as null: a
 * number field would cost each call a heap object. A million calls may be queued,
 * and every field adds 8 bytes to each. Bytes are also time: with 16,384 calls in
 * flight, the garbage collector copies each of them.
 */
export class Call<T = unknown> extends Promise<T> implements NativeCall<T>, Job {
  readonly id: number;
  readonly origin: CallOrigin;
  readonly #made: Moment;
  args: readonly unknown[];
  startedAt: number | null = null;
  endedAt: number | null = null;
  /** How the call ended; null while it is pending. */
  ending: Ending | null = null;
  lane: JobLane | null = null;
  sequence = 0;
  queue: Place | null = null;
  before: Call | null = null;
  after: Call | null = null;
  readonly #resolve: (value: never) => void;
  readonly #reject: (reason: unknown) => void;
  #rare: RareState | null = null;
  /** The returned value, or the error. */
  #outcome: unknown = undefined;

  constructor(
    id: number,
    origin: CallOrigin,
    args: readonly unknown[],
    made: Moment = { at: performance.now() },
  ) {
    super(capture as never);
    const { resolve, reject } = takeSettlers();
    this.#resolve = resolve;
    this.#reject = reject;
    this.id = id;
    this.origin = origin;
    this.#made = made;
    this.args = args;
  }

  static {
    const { prototype } = this;
    // `await` looks `constructor` up for each call: alone on the first prototype, it is found without a search.
    const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(prototype);
    for (const name of Reflect.ownKeys(members)) Reflect.deleteProperty(prototype, name);
    Object.setPrototypeOf(
      prototype,
      Object.create(promisePrototype, {
        ...members,
        [inspect.custom]: { value: members.describe.value },
        [Symbol.toStringTag]: { value: 'NativeCall' },
      }),
    );
    void Object.defineProperty(prototype, 'constructor', { value: Promise });
  }

  get fn(): DeclaredFunction {
    return this.origin.fn;
  }

  get limits(): CallLimits {
    return this.origin.limits;
  }

  get plain(): boolean {
    return this.ending === null && this.#rare === null && this.origin.plain;
  }

  get createdAt(): number {
    return this.#made.at;
  }

  /** The returned value; undefined unless the call has succeeded. */
  get value(): unknown {
    return this.ending === 'succeeded' ? this.#outcome : undefined;
  }

  /** The error; undefined unless the call has ended without success. */
  get error(): unknown {
    return this.ending === 'succeeded' ? undefined : this.#outcome;
  }

  get stopping(): Stopping | null {
    return this.#rare === null ? null : this.#rare.stopping;
  }

  set stopping(stopping: Stopping) {
    this.#needRare().stopping = stopping;
  }

  get callbackState(): CallbackState | null {
    return this.#rare === null ? null : this.#rare.callbackState;
  }

  set callbackState(state: CallbackState) {
    this.#needRare().callbackState = state;
  }

  get crashes(): number {
    return this.#rare === null ? 0 : this.#rare.crashes;
  }

  set crashes(crashes: number) {
    this.#needRare().crashes = crashes;
  }

  get trace(): CallTrace | null {
    return this.#rare === null ? null : this.#rare.trace;
  }

  set trace(trace: CallTrace) {
    this.#needRare().trace = trace;
  }

  get deadline(): Due<Call> | null {
    return this.#rare === null ? null : this.#rare.deadline;
  }

  set deadline(deadline: Due<Call>) {
    this.#needRare().deadline = deadline;
  }

  get items(): JobItems | null {
    return null;
  }

  get boundTo(): JobLane | null {
    return this.limits.session === null ? null : this.limits.session.lane;
  }

  get attempts(): number {
    return this.limits.attempts;
  }

  get timeout(): number {
    return this.limits.timeout;
  }

  timeoutAt(startedAt: number, _now: number): number {
    return startedAt + this.limits.timeout;
  }

  get priority(): number {
    return this.limits.priority;
  }

  get hostTimeout(): number | undefined {
    return this.limits.hostTimeout;
  }

  get highWaterMark(): number {
    return this.limits.highWaterMark ?? this.fn.compiled.spec.stream?.highWaterMark ?? 0;
  }

  /** Whether the call is pending and has a stream or an `onChunk`. */
  get awaitsReader(): boolean {
    return this.ending === null && (this.callbackState?.sink ?? null) !== null;
  }

  get isSettled(): boolean {
    return this.ending !== null;
  }

  get state(): CallState {
    if (this.ending !== null) return this.ending;
    // A call that has started and has no lane: native code has returned, and chunks are unread.
    if (this.lane === null) return this.queue?.state ?? (this.startedAt === null ? 'queued' : 'running');
    return this.lane.ring.state(this.sequence) === State.queued ? 'queued' : 'running';
  }

  get progress(): CallProgress | undefined {
    if (!this.fn.hasProgress) return undefined;
    if (this.ending === null && this.lane !== null) return readProgress(this.lane, this.sequence);
    return this.#rare?.progress ?? { done: 0, total: 0 };
  }

  get timing(): CallTiming {
    const started = this.#startTime();
    const end = this.endedAt ?? performance.now();
    return {
      createdAt: performance.timeOrigin + this.createdAt,
      queuedMs: Math.max(0, (started ?? end) - this.createdAt),
      ranMs: started === undefined ? undefined : end - started,
    };
  }

  cancel(reason?: unknown): boolean {
    if (this.ending !== null) return false;
    return this.origin.owner.stop(this, 'cancelled', this.#cancelError(reason));
  }

  /** A signal that this call was linked to has aborted. */
  abort(reason: unknown): void {
    this.cancel(reason);
  }

  settled(): Promise<SettledCall<T>> {
    const record = (): SettledCall<T> => this.#record();
    return whenSettled(this, record, record);
  }

  [Symbol.dispose](): void {
    if (this.ending !== null) return;
    // No code is left to handle the rejection.
    ignoreFailure(this);
    this.cancel('its scope was left');
  }

  settle(ending: Ending, value: unknown, error: unknown): void {
    if (this.ending !== null) return;
    if (this.fn.hasProgress && this.lane !== null) {
      this.#needRare().progress = readProgress(this.lane, this.sequence);
    }
    if (this.callbackState?.sink?.end(this.lane, ending, value, error) === false) this.lane = null;
    else this.settleHeld(ending, value, error);
  }

  succeed(value: unknown, startedAt: number, endedAt: number): void {
    this.startedAt = startedAt;
    this.endedAt = endedAt;
    this.ending = 'succeeded';
    this.#outcome = value;
    this.args = NOT_GIVEN;
    this.origin.owner.onSucceeded(this, startedAt, endedAt);
    this.#resolve(value as never);
  }

  /** Ends a call whose chunks have all been read. */
  settleHeld(ending: Ending, value: unknown, error: unknown): void {
    if (this.ending !== null) return;
    this.ending = ending;
    this.#outcome = ending === 'succeeded' ? value : error;
    this.endedAt ??= performance.now();
    this.origin.owner.onSettled(this, ending);
    this.#dropArguments();
    if (ending === 'succeeded') this.#resolve(value as never);
    else this.#reject(error);
    if (this.trace !== null) publish.asyncEnd(this.trace);
  }

  /** Ends a call that was not accepted, and that the pool therefore does not count. */
  refuse(error: OffthreadError): void {
    if (this.ending !== null) return;
    this.ending =
      error.kind === 'cancelled' ? 'cancelled' : error.kind === 'timeout' ? 'timed-out' : 'failed';
    this.#outcome = error;
    error.call ??= this.id;
    error.symbol ??= this.fn.name;
    this.endedAt = performance.now();
    this.#dropArguments();
    this.#reject(error);
  }

  #dropArguments(): void {
    if (this.fn.plan.hasData) endBytes(this.args);
    this.args = NOT_GIVEN;
  }

  /** The text that `util.inspect` shows. */
  describe(): string {
    return `NativeCall #${this.id} ${this.fn.name} <${this.state}>`;
  }

  #needRare(): RareState {
    this.#rare ??= {
      stopping: null,
      callbackState: null,
      crashes: 0,
      trace: null,
      deadline: null,
      progress: null,
    };
    return this.#rare;
  }

  #startTime(): number | undefined {
    if (this.startedAt !== null) return this.startedAt;
    return this.state === 'running' ? this.lane?.ring.startedAt(this.sequence) : undefined;
  }

  #cancelError(reason: unknown): CallCancelledError {
    const why = reasonText(reason);
    return new CallCancelledError(`${this.fn.name} was cancelled${why === '' ? '' : `: ${why}`}.`, {
      call: this.id,
      symbol: this.fn.name,
      cause: reason,
    });
  }

  #record(): SettledCall<T> {
    const { queuedMs, ranMs } = this.timing;
    const times = { queuedMs, ranMs: ranMs ?? 0 };
    if (this.ending === 'succeeded') return { status: 'succeeded', value: this.value as T, ...times };
    const error = this.error as OffthreadError;
    return { status: this.ending ?? 'failed', error, kind: error.kind, ...times };
  }
}

/** The text of a reason, without a full stop; empty when it has none. Reading a reason, a value of the user's, may throw. */
export function reasonText(reason: unknown): string {
  try {
    const message: unknown = reason instanceof Error ? reason.message : reason;
    if (typeof message === 'string') return message.replace(/\.$/, '');
  } catch {
    // For example, a revoked proxy.
  }
  return '';
}
