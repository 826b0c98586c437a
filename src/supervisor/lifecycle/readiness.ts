/** Those who wait for a pool's first lane. */
import { Promise } from '../../builtins.js';
import type { OffthreadError } from '../../errors.js';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class Readiness {
  readonly #waiters: Waiter[] = [];

  /** Whether anybody waits. */
  get any(): boolean {
    return this.#waiters.length > 0;
  }

  /** Settles as {@link tell} says. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  /**
   * Tells those who wait.
   * @param error what keeps every lane from taking calls; null while one may.
   * @param ready whether a lane takes calls.
   */
  tell(error: OffthreadError | null, ready: boolean): void {
    if (error !== null) for (const { reject } of this.#waiters.splice(0)) reject(error);
    if (ready) for (const { resolve } of this.#waiters.splice(0)) resolve();
  }
}
