/** What of offthread's can be cancelled: a native call, and a run over columns. Promises of others are not touched, whatever they have. */
import { Call } from './call.js';

interface Cancellable {
  cancel(reason?: unknown): boolean;
}

const runs = new WeakSet<object>();

/** A promise that is offthread's, and has a `cancel` of offthread's. */
export function markCancellable(run: object): void {
  runs.add(run);
}

/** Cancels it, if it is something of offthread's. Never throws. @returns whether it is. */
export function cancelOwn(value: unknown, reason: unknown): boolean {
  try {
    const own = value instanceof Call || (typeof value === 'object' && value !== null && runs.has(value));
    if (own) (value as Cancellable).cancel(reason);
    return own;
  } catch {
    // A proxy: none of offthread's own, whatever is behind it.
    return false;
  }
}
