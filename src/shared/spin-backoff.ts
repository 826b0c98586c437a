/** Decides whether to spin or poll: ever more rarely while it finds nothing, since it takes a core that others may need. */
import { Math } from '../builtins.js';

/** Most chances in a row that are left out. */
const MOST_SKIPPED = 32;

export class SpinBackoff {
  #skip = 0;
  #next = 1;

  /** A chance. @returns whether to take it. */
  may(): boolean {
    if (this.#skip === 0) return true;
    this.#skip -= 1;
    return false;
  }

  /** A chance was taken. @param found whether there was a result. */
  took(found: boolean): void {
    this.#skip = found ? 0 : this.#next;
    this.#next = found ? 1 : Math.min(this.#next * 2, MOST_SKIPPED);
  }
}
