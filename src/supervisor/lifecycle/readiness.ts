/** Those who wait for a pool's first lane. */
import { Promise } from '../../builtins.js';
import type { OffthreadError } from '../../errors.js';
import type { LaneSet } from './lane-set.js';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class Readiness {
  readonly #lanes: LaneSet;
  readonly #waiters: Waiter[] = [];
  #ended: (() => OffthreadError) | null = null;

  constructor(lanes: LaneSet) {
    this.#lanes = lanes;
  }

  /** Whether anybody waits. */
  get any(): boolean {
    return this.#waiters.length > 0;
  }

  /**
   * Resolves when some lane takes calls.
   * @throws (rejects) what keeps every lane from starting, or the error given to `end`.
   */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#lanes.want();
      this.tell();
    });
  }

  /** Something has changed about the lanes. */
  tell(): void {
    const error = this.#ended?.() ?? this.#lanes.unavailable();
    if (error !== null) for (const { reject } of this.#waiters.splice(0)) reject(error);
    if (!this.#lanes.active.some(({ status }) => status === 'ready')) return;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  /** No lane will be ready any more. */
  end(error: () => OffthreadError): void {
    this.#ended = error;
    this.tell();
  }
}
