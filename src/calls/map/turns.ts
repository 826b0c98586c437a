/** The event loop's other work: items that fail, or end, without a lane would keep it for ever. */

import { performance, setImmediate } from '../../builtins.js';

/** ms after which others get their turn of the event loop. */
const TURN_MS = 10;

export class Turns {
  readonly #go: () => void;
  /** When it was last left to others, in ms. */
  #at = 0;
  #waiting = false;

  /** @param go told when others have had their turn. */
  constructor(go: () => void) {
    this.#go = go;
  }

  begin(): void {
    this.#at = performance.now();
  }

  /** @returns false when others come first. */
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
