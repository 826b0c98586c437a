/**
 * Calls that an AbortSignal cancels. One listener a signal, however many calls
 * share it, and none once the last of them has settled: a long-lived signal
 * collects nothing, and Node has no leak to warn of.
 */

/** What a signal cancels. */
export interface Abortable {
  abort(reason: unknown): void;
}

interface Watched {
  readonly calls: Set<Abortable>;
  readonly listener: () => void;
}

const watched = new WeakMap<AbortSignal, Watched>();

/** Cancels the call when the signal aborts, until {@link unlinkSignal}. */
export function linkSignal(signal: AbortSignal, call: Abortable): void {
  let entry = watched.get(signal);
  if (entry === undefined) {
    const calls = new Set<Abortable>();
    const listener = (): void => {
      watched.delete(signal);
      for (const one of Array.from(calls)) one.abort(signal.reason);
    };
    entry = { calls, listener };
    watched.set(signal, entry);
    signal.addEventListener('abort', listener, { once: true });
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
  signal.removeEventListener('abort', entry.listener);
}
