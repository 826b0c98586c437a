/**
 * What Node.js and the language offer and a program may replace: timers,
 * clocks, microtasks, promises, atomics. Test suites fake them, and a faked
 * one would make a pool wait for what never comes.
 *
 * Guarantee: each is taken once, when this module is loaded, and everything
 * else of this package takes it from here, under its usual name. The linter
 * sees to that. So a pool goes on by the real clock and the real event loop,
 * whatever is replaced later, and whatever is put back.
 */
import { performance as hostPerformance } from 'node:perf_hooks';
import * as timers from 'node:timers';

// Named exports of built-in modules change with `syncBuiltinESMExports`: constants do not.
// Of the module, not of the global object: fakes that are there already have often been put on the latter only.
export const setTimeout: typeof timers.setTimeout = timers.setTimeout;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setInterval: typeof timers.setInterval = timers.setInterval;
export const clearInterval: typeof timers.clearInterval = timers.clearInterval;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
export const clearImmediate: typeof timers.clearImmediate = timers.clearImmediate;
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;

export const Date: DateConstructor = globalThis.Date;
export const AbortController: typeof globalThis.AbortController = globalThis.AbortController;
export const AbortSignal: typeof globalThis.AbortSignal = globalThis.AbortSignal;
export const Promise: PromiseConstructor = globalThis.Promise;

export const Atomics: typeof globalThis.Atomics = copyOf(globalThis.Atomics);
export const Math: typeof globalThis.Math = copyOf(globalThis.Math);
export const JSON: typeof globalThis.JSON = copyOf(globalThis.JSON);

/** The clock of this thread. Fakes are properties of the object itself: its class has the real ones. */
export const performance: Readonly<Pick<typeof hostPerformance, 'now' | 'timeOrigin'>> = Object.freeze({
  now: (Object.getPrototypeOf(hostPerformance) as typeof hostPerformance).now.bind(hostPerformance),
  timeOrigin: hostPerformance.timeOrigin,
});

/** ns on the monotonic clock that all threads of the process share. */
export const monotonicNs: () => bigint = process.hrtime.bigint;

/** Functions of a namespace need no receiver. */
function copyOf<T extends object>(namespace: T): T {
  return Object.freeze(Object.defineProperties({}, Object.getOwnPropertyDescriptors(namespace)) as T);
}
