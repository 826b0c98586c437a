/**
 * Built-ins that a program may replace: timers, clocks, microtasks, promises, atomics. Test suites fake them, and with
 * a fake a pool could wait for ever.
 *
 * Guarantee: each built-in is read once, when this module is loaded, and all other modules of this package import it
 * from here, under its usual name. The linter enforces this. A pool therefore uses the real clock and the real event
 * loop, even if a program replaces a built-in later.
 */
import { performance as hostPerformance } from 'node:perf_hooks';
import * as timers from 'node:timers';

// Constants, because named exports of built-in modules change with `syncBuiltinESMExports`. From the module, not from
// the global object: fakes installed earlier often replace only the global.
export const setTimeout: typeof timers.setTimeout = timers.setTimeout;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setInterval: typeof timers.setInterval = timers.setInterval;
export const clearInterval: typeof timers.clearInterval = timers.clearInterval;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
export const clearImmediate: typeof timers.clearImmediate = timers.clearImmediate;
export const structuredClone: typeof globalThis.structuredClone = globalThis.structuredClone;
export const queueMicrotask: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;

export const Date: DateConstructor = globalThis.Date;
export const AbortController: typeof globalThis.AbortController = globalThis.AbortController;
export const AbortSignal: typeof globalThis.AbortSignal = globalThis.AbortSignal;
export const Promise: PromiseConstructor = globalThis.Promise;

export const Atomics: typeof globalThis.Atomics = copyOf(globalThis.Atomics);
export const Math: typeof globalThis.Math = copyOf(globalThis.Math);
export const JSON: typeof globalThis.JSON = copyOf(globalThis.JSON);

/** The clock of this thread. Fakes are properties of the object; the class keeps the original methods. */
export const performance: Readonly<Pick<typeof hostPerformance, 'now' | 'timeOrigin'>> = Object.freeze({
  now: (Object.getPrototypeOf(hostPerformance) as typeof hostPerformance).now.bind(hostPerformance),
  timeOrigin: hostPerformance.timeOrigin,
});

/** ns on the monotonic clock that all threads of the process share. */
export const monotonicNs: () => bigint = process.hrtime.bigint;

/**
 * A module of Node.js that takes ms to load and is not always needed: `child_process`, `crypto`, `net`, `v8`. Loaded at
 * its first use.
 */
export const builtinModule: typeof process.getBuiltinModule = process.getBuiltinModule.bind(process);

/** Functions of a namespace need no receiver. */
function copyOf<T extends object>(namespace: T): T {
  return Object.freeze(Object.defineProperties({}, Object.getOwnPropertyDescriptors(namespace)) as T);
}
