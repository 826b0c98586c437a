/** Failed items that are run again, each after a wait of its own. */
import { clearTimeout, setTimeout } from '../../builtins.js';
import type { Again } from '../../options/map-attempts.js';

export class ItemRetry<W> {
  readonly #again: Again;
  readonly #due: (work: W) => void;
  readonly #waits = new Set<NodeJS.Timeout>();
  /** How often items have failed that are not over, by index. */
  readonly #often = new Map<number, number>();

  /** @param due told when a wait is over. */
  constructor(again: Again, due: (work: W) => void) {
    this.#again = again;
    this.#due = due;
  }

  /** Items that wait. */
  get waiting(): number {
    return this.#waits.size;
  }

  /**
   * @param index of the item that has failed.
   * @returns whether it is run again; what was kept of it is forgotten where not.
   */
  take(index: number, error: unknown, work: W): boolean {
    const often = (this.#often.get(index) ?? 0) + 1;
    const wait = this.#again(error, often);
    if (wait === null) {
      this.#often.delete(index);
      return false;
    }
    this.#often.set(index, often);
    const timer = setTimeout(() => {
      this.#waits.delete(timer);
      this.#due(work);
    }, wait);
    this.#waits.add(timer);
    return true;
  }

  /** The item has succeeded. */
  forget(index: number): void {
    this.#often.delete(index);
  }

  /** Nothing is run again. */
  clear(): void {
    for (const timer of this.#waits) clearTimeout(timer);
    this.#waits.clear();
  }
}
