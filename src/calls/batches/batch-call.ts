/**
 * A call for many items: it takes one row of one lane, which runs the items one after the other. It is queued,
 * cancelled, given up and lost like any call; `over` reports its outcome once.
 *
 * Guarantee: however the call ends, the results of its items have been collected before `over` is called, and none are
 * collected afterwards.
 */
import { ignoreFailure } from '../../promises.js';
import { Promise } from '../../builtins.js';
import type { Ending, JobItems } from '../../supervisor/job.js';
import { RowDouble } from '../../shared/memory/layout.js';
import { Call, type CallOrigin } from '../call.js';

export class BatchCall<B extends JobItems = JobItems> extends Call<void> {
  readonly #items: B;
  readonly #over: (call: BatchCall<B>) => void;
  /** The item that was in native code at the last check, and the time since when. */
  #seen = -1;
  #seenAt = 0;

  /** @param over called when the call has ended in any way; must not throw. */
  constructor(id: number, origin: CallOrigin, items: B, over: (call: BatchCall<B>) => void) {
    super(id, origin, []);
    this.#items = items;
    this.#over = over;
    // This promise is not awaited.
    ignoreFailure(this);
  }

  static {
    // As for every call: promises derived from it are plain promises.
    void Object.defineProperty(this.prototype, 'constructor', { value: Promise });
  }

  override get plain(): boolean {
    return false;
  }

  override get items(): B {
    return this.#items;
  }

  /**
   * Whether the first item that has not ended is the cause of the call's end. A failure that prevents every call from
   * running, a cancellation, and a closed pool are not the fault of an item.
   */
  get endedByItem(): boolean {
    const began = this.ending === 'timed-out' || (this.ending === 'failed' && this.startedAt !== null);
    return began && this.late < 0 && this.items.done < this.items.count;
  }

  /**
   * The item that exceeded its timeout but returned while the batch was being stopped: it counts as ended, and has
   * failed. -1: none.
   */
  get late(): number {
    return this.ending === 'timed-out' && this.#seen >= 0 && this.#seen < this.#items.done ? this.#seen : -1;
  }

  /** ms that the items took. */
  get ms(): number {
    return (this.endedAt ?? 0) - (this.startedAt ?? 0);
  }

  /** The timeout applies to each item: its time starts when the item is first seen to run. */
  override timeoutAt(startedAt: number, now: number): number {
    const { timeout } = this.limits;
    if (this.lane === null || timeout === Infinity) return Infinity;
    const { memory } = this.lane.ring;
    const done = memory.f64[memory.rowDouble(this.sequence) + RowDouble.DONE] as number;
    if (this.#seen < 0) this.#seenAt = startedAt;
    if (done !== this.#seen) {
      if (this.#seen >= 0) this.#seenAt = now;
      this.#seen = done;
    }
    return this.#seenAt + timeout;
  }

  override settleHeld(ending: Ending, value: unknown, error: unknown): void {
    if (this.isSettled) return;
    if (this.lane !== null) this.items.collect(this.lane.ring.memory, this.sequence);
    super.settleHeld(ending, value, error);
    this.#over(this);
  }

  override refuse(error: Parameters<Call['refuse']>[0]): void {
    if (this.isSettled) return;
    super.refuse(error);
    this.#over(this);
  }
}
