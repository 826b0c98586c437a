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

/** Cancels it, if it is something of offthread's. */
export function cancelOwn(value: unknown, reason: unknown): void {
  if (value instanceof Call) value.cancel(reason);
  else if (typeof value === 'object' && value !== null && runs.has(value)) {
    (value as Cancellable).cancel(reason);
  }
}
