/**
 * Calls whose native code has returned, and whose chunks are not all read.
 * They are kept until nobody has read one for as long as the call might have
 * run, and keep the process alive until then: no lane does that for them.
 */
import { Math, clearInterval, setInterval } from '../../builtins.js';
import type { Call } from '../call.js';
import type { ChunkFlow } from './chunk-flow.js';

/** What keeps the process alive does nothing, as rarely as possible: ms. */
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
    if (!this.#calls.delete(call) || this.#calls.size > 0) return;
    clearInterval(this.#holding);
    this.#holding = undefined;
  }

  /** Ends streams that have not been read for too long. @returns when to check next. */
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
