/**
 * Keeps the process alive while calls are pending: a timer that the event loop waits for meanwhile. An idle pool lets
 * the process end.
 */
import { clearInterval, setInterval } from '../../builtins.js';

/** ms: the longest interval of a timer is 2^31 - 1. */
const LONG_MS = 2 ** 30;

export class KeepAlive {
  #timer: NodeJS.Timeout | undefined;
  #held = false;

  /** Cheap if nothing changes. */
  hold(alive: boolean): void {
    if (alive === this.#held) return;
    this.#held = alive;
    // Kept while it is not waited for: a lone call then changes a flag, and makes no timer.
    this.#timer ??= setInterval(() => {}, LONG_MS);
    if (alive) this.#timer.ref();
    else this.#timer.unref();
  }

  /** No call is pending, and none will be made. */
  end(): void {
    this.#held = false;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
