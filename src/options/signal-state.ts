/**
 * Reads the state of a signal with the original getters: an object of the user can shadow them with properties that
 * throw, or that change from one read to the next.
 */
import { AbortSignal } from '../builtins.js';

function getterOf(name: 'aborted' | 'reason'): (signal: AbortSignal) => unknown {
  const get = Object.getOwnPropertyDescriptor(AbortSignal.prototype, name)?.get as () => unknown;
  return (signal) => Reflect.apply(get, signal, []);
}

/** @throws TypeError if the value is not a signal. */
export const hasAborted: (signal: AbortSignal) => boolean = getterOf('aborted') as (
  signal: AbortSignal,
) => boolean;

/** The reason of the abort; undefined if the signal has not aborted. */
export const abortReason: (signal: AbortSignal) => unknown = getterOf('reason');

const { addEventListener, removeEventListener } = EventTarget.prototype;

/** @throws the error of Node.js if the signal has been modified so that it takes no listeners. */
export function listen(signal: AbortSignal, listener: () => void): void {
  Reflect.apply(addEventListener, signal, ['abort', listener, { once: true }]);
}

/** Never throws: a listener that cannot be removed is called without effect. */
export function unlisten(signal: AbortSignal, listener: () => void): void {
  try {
    Reflect.apply(removeEventListener, signal, ['abort', listener]);
  } catch {
    // The call has settled: the listener has no effect.
  }
}
