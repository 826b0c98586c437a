/** The rule of `retry` that decides, after a failed attempt, whether to make another one. */
import { Promise } from '../../builtins.js';
import { follow, whenSettled } from '../../promises.js';
import type { RetrySettings } from '../../options/retry-options.js';
import type { MakeTask } from './bounds.js';

/** Calls the rule, which may throw or return a promise. If it fails, `retry` throws its error. */
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
    // A rule cannot be stopped; its later result is ignored.
    stop: () => {},
  });
}

/** Sets the cause of an error that has none. The error is the user's: it may be frozen, or a proxy that throws. */
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
    // The error stays without a cause.
  }
}

/** Whether `error` is `other`, or among its causes: a rule may throw the error that it was called with. */
function isBehind(error: Error, other: unknown): boolean {
  const seen = new Set<unknown>();
  for (let one = other; one instanceof Error && !seen.has(one); one = one.cause) {
    if (one === error) return true;
    seen.add(one);
  }
  return false;
}
