/** What `retry` asks after a failed attempt: whether there is to be another one. */
import { Promise } from '../../builtins.js';
import { follow, whenSettled } from '../../promises.js';
import type { RetrySettings } from '../../options/retry-options.js';
import type { MakeTask } from './bounds.js';

/** Asks the rule, which may throw or answer with a promise: then its error is the one that is thrown. */
export function ask(when: RetrySettings['when'], failure: unknown, attempt: number): MakeTask<boolean> {
  return (resolve, reject) => ({
    begin: () => {
      void whenSettled(
        new Promise((answer, fail) => {
          follow(when(failure, attempt), answer, fail);
        }),
        (again) => resolve(Boolean(again)),
        (thrown: unknown) => {
          giveCause(thrown, failure);
          reject(thrown);
        },
      );
    },
    // It cannot be asked to; its answer is ignored then.
    stop: () => {},
  });
}

/** Sets the cause of an error that has none. It is a user's value: it may be frozen, or a proxy that throws. */
function giveCause(thrown: unknown, cause: unknown): void {
  try {
    if (!(thrown instanceof Error) || thrown.cause !== undefined || isBehind(thrown, cause)) return;
    Object.defineProperty(thrown, 'cause', {
      value: cause,
      configurable: true,
      enumerable: false,
      writable: true,
    });
  } catch {
    // Then it has none.
  }
}

/** Whether an error is another one, or among the causes of it: a rule may throw what it was asked about. */
function isBehind(error: Error, other: unknown): boolean {
  const seen = new Set<unknown>();
  for (let one = other; one instanceof Error && !seen.has(one); one = one.cause) {
    if (one === error) return true;
    seen.add(one);
  }
  return false;
}
