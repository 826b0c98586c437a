/**
 * Calls whose native code has returned and whose chunks have not all been read.
 * A call ends when no chunk has been read for the length of its timeout. With a
 * timeout it keeps the process alive until then, since no lane does.
 */
import { Math, clearInterval, setInterval } from '../../builtins.js';
import type { Call } from '../call.js';
import type { ChunkFlow } from './chunk-flow.js';

/** ms between ticks of the timer that keeps the process alive, and does nothing else. */
const HOLD_MS = 60_000;

export class UnreadCalls {
  readonly #calls = new Set<Call>();
  #holding: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#calls.size;
  }

  toArray(): Call[] {
    return [...this.#calls];
  }

  add(call: Call): void {
    this.#calls.add(call);
    if (call.timeout !== Infinity) this.#holding ??= setInterval(() => {}, HOLD_MS);
  }

  /** A call has settled. */
  settled(call: Call): void {
    if (this.#calls.size === 0 || !this.#calls.delete(call) || this.#calls.size > 0) return;
    clearInterval(this.#holding);
    this.#holding = undefined;
  }

  /** Ends calls that have not been read for too long. @returns when to look next. */
  due(now: number, end: (call: Call) => void): number {
    let next = Infinity;
    for (const call of this.#calls) {
      const flow = call.callbackState?.sink as ChunkFlow | null | undefined;
      const until = (flow?.takenAt ?? now) + call.timeout;
      if (until <= now) end(call);
      else next = Math.min(next, until);
    }
    return next;
  }
}
