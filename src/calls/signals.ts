/**
 * Calls that an AbortSignal cancels. A signal has one listener, however many calls share it, and none after the last of
 * them has settled: a long-lived signal accumulates no listeners, and Node.js does not warn of a leak.
 */

import { queueMicrotask } from '../builtins.js';
import { abortReason, listen, unlisten } from '../options/signal-state.js';

/** An object that a signal cancels. */
export interface Abortable {
  abort(reason: unknown): void;
}

interface Watched {
  readonly calls: Set<Abortable>;
  readonly listener: () => void;
}

const watched = new WeakMap<AbortSignal, Watched>();

/**
 * Cancels the call when the signal aborts, until {@link unlinkSignal}; cancels it at once if no listener can be added.
 * Never throws.
 */
export function linkSignal(signal: AbortSignal, call: Abortable): void {
  let entry = watched.get(signal);
  if (entry === undefined) {
    const calls = new Set<Abortable>();
    const listener = (): void => {
      watched.delete(signal);
      for (const one of Array.from(calls)) one.abort(abortReason(signal));
    };
    entry = { calls, listener };
    try {
      listen(signal, listener);
    } catch (error) {
      // The signal could not cancel the call later, so the call is cancelled now, after its creation is complete.
      queueMicrotask(() => call.abort(error));
      return;
    }
    watched.set(signal, entry);
  }
  entry.calls.add(call);
}

/** The call has settled. */
export function unlinkSignal(signal: AbortSignal, call: Abortable): void {
  const entry = watched.get(signal);
  if (entry === undefined) return;
  entry.calls.delete(call);
  if (entry.calls.size > 0) return;
  watched.delete(signal);
  unlisten(signal, entry.listener);
}
