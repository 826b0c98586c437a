/**
 * What a signal says, by the language's own ways: users' objects may have
 * others in front of them, which throw, or answer now this, now that.
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

/** Why it has aborted; undefined where it has not. */
export const abortReason: (signal: AbortSignal) => unknown = getterOf('reason');

const { addEventListener, removeEventListener } = EventTarget.prototype;

/** @throws what Node.js throws, where the signal has been tampered with. */
export function listen(signal: AbortSignal, listener: () => void): void {
  Reflect.apply(addEventListener, signal, ['abort', listener, { once: true }]);
}

/** Never throws: a listener that cannot be taken off is told for nothing. */
export function unlisten(signal: AbortSignal, listener: () => void): void {
  try {
    Reflect.apply(removeEventListener, signal, ['abort', listener]);
  } catch {
    // Nobody waits for it any more.
  }
}
