/**
 * The promises of offthread that can be cancelled: native calls and runs over columns. Other promises are left alone,
 * even if they have a `cancel` method.
 */
import { Call } from './call.js';

interface Cancellable {
  cancel(reason?: unknown): boolean;
}

const runs = new WeakSet<object>();

/** Registers a promise of offthread with a `cancel` method. */
export function markCancellable(run: object): void {
  runs.add(run);
}

/** Cancels the value if it is a promise of offthread. Never throws. @returns whether it is one. */
export function cancelOwn(value: unknown, reason: unknown): boolean {
  try {
    const own = value instanceof Call || (typeof value === 'object' && value !== null && runs.has(value));
    if (own) (value as Cancellable).cancel(reason);
    return own;
  } catch {
    // A proxy is not a promise of offthread, whatever its target is.
    return false;
  }
}
