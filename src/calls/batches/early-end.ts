/** Why a run over many items ends before its end. */
import type { OffthreadError } from '../../errors.js';

/** What a run fails with: made when it is told, with the counts of that moment. */
export type Failure = () => OffthreadError;

/** Guarantee: the first cause is the one that the run fails with, and stops what is under way once. */
export class EarlyEnd {
  readonly #stop: (failure: Failure) => void;
  #failure: Failure | null = null;

  /** @param stop stops what is under way. */
  constructor(stop: (failure: Failure) => void) {
    this.#stop = stop;
  }

  /** Null: nothing has ended the run early. */
  get failure(): Failure | null {
    return this.#failure;
  }

  get isSet(): boolean {
    return this.#failure !== null;
  }

  set(failure: Failure): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#stop(failure);
  }
}
