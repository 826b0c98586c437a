/**
 * Calls that an AbortSignal cancels. One listener a signal, however many calls
 * share it, and none once the last of them has settled: a long-lived signal
 * collects nothing, and Node has no leak to warn of.
 */

import { queueMicrotask } from '../builtins.js';
import { abortReason, listen, unlisten } from '../options/signal-state.js';

/** What a signal cancels. */
export interface Abortable {
  abort(reason: unknown): void;
}

interface Watched {
  readonly calls: Set<Abortable>;
  readonly listener: () => void;
}

const watched = new WeakMap<AbortSignal, Watched>();

/** Cancels the call when the signal aborts, until {@link unlinkSignal}; at once where the signal cannot be listened to. Never throws. */
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
      // It cannot cancel the call when it is to: so it does now, once whoever makes the call has done so.
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
