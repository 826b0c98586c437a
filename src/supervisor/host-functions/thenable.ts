import { Promise } from '../../builtins.js';
import { follow } from '../../promises.js';

/**
 * Whether a value has to be awaited.
 * @throws what reading `then` throws.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/** A promise for a thenable's value. The thenable's `then` is called later, and only its first answer counts. */
export function settled(thenable: PromiseLike<unknown>): Promise<unknown> {
  // Not `Promise.resolve`, which returns a promise unchanged, even one with its own `then` or `constructor`.
  return new Promise((resolve, reject) => {
    follow(thenable, resolve, reject);
  });
}
