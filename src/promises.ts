/**
 * Operations on promises that do not depend on the methods of promises: these methods look each other up by name, so
 * they call a method that a program has replaced. `await` of a native promise needs none of this.
 */
import { types } from 'node:util';
import { Promise } from './builtins.js';

const { apply } = Reflect;
/** The prototype of promises. */
export const promisePrototype: object = Promise.prototype;
const originalThen = Promise.prototype.then;
const ignore = (): void => {};

/** `promise.then(fulfilled, rejected)`. */
export function whenSettled<T, A = T, B = never>(
  promise: Promise<T>,
  fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
  rejected?: (reason: unknown) => B | PromiseLike<B>,
): Promise<A | B> {
  return apply(originalThen, promise, [fulfilled, rejected]) as Promise<A | B>;
}

/**
 * Settles as the value does if it is a promise or another thenable. Native promises are followed without `then`, which
 * a program may have replaced.
 */
export function follow<T>(
  value: T | PromiseLike<T>,
  resolve: (value: T | PromiseLike<T>) => void,
  reject: (reason: unknown) => void,
): void {
  if (types.isPromise(value) && value.then === Promise.prototype.then) {
    void whenSettled(value as Promise<T>, resolve, reject);
  } else resolve(value);
}

/** Ignores a rejection that is handled elsewhere, or needs no handling. */
export function ignoreFailure(promise: Promise<unknown>): void {
  void whenSettled(promise, null, ignore);
}

export const resolved: <T>(value: T) => Promise<Awaited<T>> = Promise.resolve.bind(Promise);

export function rejected(reason: Error): Promise<never> {
  return new Promise((_, reject) => {
    reject(reason);
  });
}

/** Settles as the first promise that settles. */
export function race<T>(promises: readonly Promise<T>[]): Promise<T> {
  return new Promise((resolve, reject) => {
    for (const promise of promises) void whenSettled(promise, resolve, reject);
  });
}

/** Resolves when all promises have resolved. */
export function all(promises: readonly Promise<unknown>[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = promises.length;
    if (left === 0) resolve();
    const done = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    for (const promise of promises) void whenSettled(promise, done, reject);
  });
}

/** The outcome of each promise, in order. */
export async function allSettled<T>(promises: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
  const outcomes: PromiseSettledResult<T>[] = [];
  await all(
    promises.map((promise, index) =>
      whenSettled(
        promise,
        (value) => void (outcomes[index] = { status: 'fulfilled', value }),
        (reason: unknown) => void (outcomes[index] = { status: 'rejected', reason }),
      ),
    ),
  );
  return outcomes;
}
