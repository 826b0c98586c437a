/**
 * The values that this lane keeps for the host: objects that cannot leave it, such as a database or a prepared statement.
 *
 * Guarantee: each is disposed of once: when the host lets it go, when its session ends, or before the lane ends.
 */

/** What \`keep()\` returns. */
export class KeptHere {
  readonly value: object;
  readonly #dispose: ((value: object) => unknown) | null;

  constructor(value: object, dispose: ((value: object) => unknown) | null) {
    this.value = value;
    this.#dispose = dispose;
  }

  dispose(): void {
    const { value } = this;
    const own =
      (value as Partial<Disposable>)[Symbol.dispose] ??
      (value as Partial<AsyncDisposable>)[Symbol.asyncDispose];
    if (this.#dispose !== null) this.#dispose(value);
    else if (typeof own === 'function') own.call(value);
  }
}

export class KeptValues {
  readonly #kept = new Map<number, KeptHere>();
  #last = 0;

  /** @returns the number of the value. */
  add(kept: KeptHere): number {
    this.#last += 1;
    this.#kept.set(this.#last, kept);
    return this.#last;
  }

  /** @throws if the value has been released. */
  get(id: number): object {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new Error('The kept value has been released.');
    return kept.value;
  }

  /** Disposes of a value; 0 for all. An error of that is thrown when the others are disposed of. */
  release(id: number): void {
    // The latest first: a statement is finalized before its database is closed.
    const ids = id === 0 ? [...this.#kept.keys()].toReversed() : [id];
    const errors: unknown[] = [];
    for (const one of ids) {
      const kept = this.#kept.get(one);
      this.#kept.delete(one);
      try {
        kept?.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Kept values could not be disposed of.');
  }
}
