/**
 * `offthread/lane`: what the functions of a module can learn of the call that they serve, and say. Imported by modules
 * that `pool.module` loads; outside of a lane, nothing is ever cancelled, and progress goes nowhere.
 */
import { AbortController } from '../builtins.js';
import { LANE, type LaneInfo, type LaneInterface } from './lane-interface.js';

export type { LaneInfo } from './lane-interface.js';

const here = (globalThis as { [LANE]?: LaneInterface })[LANE];
here?.used();

/** Never aborts: for code that runs outside of a lane, or between calls. */
const never = new AbortController().signal;

/** The lane in which this code runs; null outside of lanes. */
export const lane: LaneInfo | null = here?.info ?? null;

/**
 * Whether the call was cancelled, or its time is over: reads one word of shared memory, so it may be asked often. After
 * that, the function has the pool's `grace` to return or throw; then its lane is given up.
 */
export function cancelled(): boolean {
  return here?.cancelled() === true;
}

/** @throws the reason of {@link signal}, an AbortError or a TimeoutError, once the call is cancelled or its time is over. */
export function throwIfCancelled(): void {
  here?.throwIfCancelled();
}

/**
 * The signal of the call: pass it on to what takes an AbortSignal, or await its `abort` event. A loop that does not
 * return to the event loop can poll `signal.aborted`. Stands for the call whose code uses it.
 */
export const signal: AbortSignal = new Proxy(never, {
  get: (_, key) => {
    const target = here?.signal() ?? never;
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value;
  },
  set: (_, key, value) => {
    const target = here?.signal() ?? never;
    return Reflect.set(target, key, value, target);
  },
  has: (_, key) => Reflect.has(here?.signal() ?? never, key),
});

/**
 * Reports progress, which the caller reads as `call.progress`.
 * @param done how much is done, in any unit.
 * @param total how much there is, in the same unit; 0 if that is not known. Default 0.
 */
export function progress(done: number, total: number = 0): void {
  here?.progress(done, total);
}

/**
 * An int32 in memory that host and lane share, for add-ons that poll it while they run: 0 until the call is cancelled
 * or its time is over. Valid until the call ends. Outside of a call, a word that stays 0.
 */
export function tripwire(): Int32Array {
  return here?.tripwire() ?? new Int32Array(1);
}

/**
 * Moves what is listed instead of copying it, as `postMessage` does: return `transfer(value, [buffer])` from a function,
 * or yield it.
 * @param value the value, which contains what is listed.
 * @param list ArrayBuffers, MessagePorts and other transferable objects. Default: the value itself, or its buffer.
 */
export function transfer<T>(value: T, list: readonly object[] = ownBuffer(value)): T {
  return here === undefined ? value : (here.transfer(value, list) as T);
}

function ownBuffer(value: unknown): readonly object[] {
  if (ArrayBuffer.isView(value)) return [value.buffer];
  return typeof value === 'object' && value !== null ? [value] : [];
}

/**
 * A function of the caller among the arguments of a module's function: it runs on the thread that made the call. Give a
 * parameter this type; the caller passes an ordinary function, sync or async.
 */
export interface HostFunction<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  /** Calls the function. The promise rejects with what the function throws, and once the call is cancelled. */
  (...args: A): Promise<R>;
  /**
   * Calls the function and blocks this lane until it has answered: for synchronous code, such as the callbacks of an
   * add-on. @throws what the function throws; the reason of `signal` once the call is cancelled.
   */
  sync(...args: A): R;
}

declare const KEPT: unique symbol;

/** A value that stays in its lane: what `keep` returns, and what the caller gets a token for. */
export interface Kept<T extends object> {
  /** The type of the value; not there at run time. */
  readonly [KEPT]: T;
}

/**
 * Keeps a value in this lane, for what cannot be copied or must not leave its thread: a database, a prepared statement.
 * Return it from a function: the caller, who made the call in a session, gets a token, and passes it to functions of this
 * module in that session, which are given the value itself. Outside of a lane, returns the value.
 *
 * @param value any object.
 * @param dispose called when the caller lets the token go, or the session ends; the latest value first. Default: the
 * value's `[Symbol.dispose]`, if it has one.
 */
export function keep<T extends object>(value: T, dispose?: (value: T) => void): Kept<T> {
  if (here === undefined) return value as unknown as Kept<T>;
  return here.keep(value, (dispose as ((value: object) => unknown) | undefined) ?? null) as Kept<T>;
}
