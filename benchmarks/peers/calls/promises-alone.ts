/**
 * Promises that are settled a turn of the event loop later, without a thread or a native call: what `await` and the
 * garbage collector take by themselves, whoever answers. The limit of everything that gives each call a promise.
 */
import type { Contestant } from '../contestant.js';

/** Settles promises. */
export class TurnLater {
  /** In turns, what settles a promise and what it resolves to: a closure for both would cost more. */
  #waiting: (((value: number) => void) | number)[] = [];
  /** While true, none is settled. */
  #held = false;

  readonly add = (a: number, b: number): Promise<number> =>
    new Promise((resolve) => {
      if (this.#waiting.length === 0 && !this.#held) setImmediate(this.#settle);
      this.#waiting.push(resolve, a + b);
    });

  /** Settles none until the first word is not zero. */
  hold(release: Int32Array): Promise<void> {
    this.#held = true;
    return new Promise((resolve) => {
      const look = (): void => {
        if (Atomics.load(release, 0) === 0) {
          setTimeout(look, 1);
          return;
        }
        this.#held = false;
        this.#settle();
        resolve();
      };
      look();
    });
  }

  readonly #settle = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += 2) {
      (waiting[at] as (value: number) => void)(waiting[at + 1] as number);
    }
  };
}

export function promisesAlone(): Contestant {
  return {
    name: 'promises alone',
    ffi: 'koffi',
    ours: false,
    limit: true,
    call: new TurnLater().add,
    close: async () => {},
  };
}
