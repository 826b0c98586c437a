/** Leaves time to other work of the event loop: items that fail or end without a lane would otherwise block it. */

import { performance, setImmediate } from '../../builtins.js';

/** ms after which other work gets a turn of the event loop. */
const TURN_MS = 10;

export class Turns {
  readonly #go: () => void;
  /** When other work last had a turn, in ms. */
  #at = 0;
  #waiting = false;

  /** @param go called when other work has had its turn. */
  constructor(go: () => void) {
    this.#go = go;
  }

  begin(): void {
    this.#at = performance.now();
  }

  /** @returns false if other work goes first. */
  has(): boolean {
    if (this.#waiting) return false;
    if (performance.now() - this.#at < TURN_MS) return true;
    this.#waiting = true;
    setImmediate(() => {
      this.#waiting = false;
      this.begin();
      this.#go();
    });
    return false;
  }
}
