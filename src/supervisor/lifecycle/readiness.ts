/** Callers that wait for a pool to have a ready lane. */
import { Promise } from '../../builtins.js';
import type { OffthreadError } from '../../errors.js';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class Readiness {
  readonly #waiters: Waiter[] = [];

  /** Whether any caller waits. */
  get any(): boolean {
    return this.#waiters.length > 0;
  }

  /** Waits until {@link tell} settles the promise. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  /**
   * Settles the promises of waiting callers.
   * @param error why no lane will take calls; null while one may.
   * @param ready whether a lane takes calls.
   */
  tell(error: OffthreadError | null, ready: boolean): void {
    if (error !== null) for (const { reject } of this.#waiters.splice(0)) reject(error);
    if (ready) for (const { resolve } of this.#waiters.splice(0)) resolve();
  }
}
