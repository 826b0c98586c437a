/** Functions that native code may keep and call during later calls. */
import { AsyncResource } from 'node:async_hooks';
import { ArgumentError } from '../../errors.js';
import { show } from '../values/show.js';

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

let latest = 0;

/**
 * A function that native code may keep: given in place of a function, it can
 * be called during later calls on the same lane, until it is closed or its pool
 * ends. After that native code gets the callback's `fallback`.
 */
export class PersistentCallback<F extends AnyFunction = AnyFunction> {
  /** Unique in this thread. @internal */
  readonly id: number;
  /** The function that native code calls. @internal */
  readonly fn: F;
  /** The async context in which the callback was created, and in which it runs. @internal */
  readonly context: AsyncResource = new AsyncResource('offthread.persistent');
  #hooks: (() => void)[] | null = [];

  /** @internal */
  constructor(fn: F) {
    this.id = ++latest;
    this.fn = fn;
  }

  /** Whether it can no longer be given or called. */
  get closed(): boolean {
    return this.#hooks === null;
  }

  /** Closes the callback. A second call has no effect. */
  close(): void {
    const hooks = this.#hooks;
    if (hooks === null) return;
    this.#hooks = null;
    for (const hook of hooks) hook();
  }

  /** Runs the hook once, when it is closed; at once where it already is. Hooks do not throw. @internal */
  whenClosed(hook: () => void): void {
    if (this.#hooks === null) hook();
    else this.#hooks.push(hook);
  }

  /** Closes it, as `close()` does. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Checks a private field: no other object passes, and no code of the value runs. @internal */
  static is(value: unknown): value is PersistentCallback {
    return typeof value === 'object' && value !== null && #hooks in value;
  }
}

/**
 * Makes a function that native code may keep after the call it was given to,
 * as with `sqlite3_create_function`. Such a library needs a
 * session, or a pool of one lane: it is called on the lane that it was given to. A session releases it at its end.
 *
 * @param fn - runs on this thread; what it throws fails the call during which it was called.
 * @throws ArgumentError if `fn` is not a function.
 */
// `any`, so that the parameters of a function written in place need no types.
// oxlint-disable-next-line typescript/no-explicit-any
export function persistent<F extends (...args: any[]) => unknown>(fn: F): PersistentCallback<F> {
  if (typeof fn !== 'function') {
    throw new ArgumentError(`persistent() received ${show(fn)}. Pass the function that native code calls.`);
  }
  return new PersistentCallback(fn);
}

/** Whether a value was made by `persistent()`. Never throws. */
export function isPersistent(value: unknown): value is PersistentCallback {
  return PersistentCallback.is(value);
}
