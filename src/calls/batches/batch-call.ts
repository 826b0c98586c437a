/**
 * A call that stands for many items: one row, one lane, one after the other.
 * Queued, cancelled, given up and lost like any call; how it ended, and how
 * far it came, is told once, by `over`.
 *
 * Guarantee: whatever ends it, what its items have brought has been collected
 * before `over` is told, and nothing of it afterwards.
 */
import { ignoreFailure } from '../../promises.js';
import { Promise } from '../../builtins.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import type { Ending, JobItems } from '../../supervisor/job.js';
import { RowDouble } from '../../shared/memory/layout.js';
import { Call, type CallLimits, type CallOwner } from '../call.js';

export class BatchCall<B extends JobItems = JobItems> extends Call<void> {
  readonly #items: B;
  readonly #over: (call: BatchCall<B>) => void;
  /** The item that was in native code at the last check, and since when. */
  #seen = -1;
  #seenAt = 0;

  /** @param over told when it has ended, however; nothing may be thrown there. */
  constructor(
    id: number,
    fn: DeclaredFunction,
    items: B,
    limits: CallLimits,
    owner: CallOwner,
    over: (call: BatchCall<B>) => void,
  ) {
    super(id, fn, [], limits, owner);
    this.#items = items;
    this.#over = over;
    // This promise is not awaited.
    ignoreFailure(this);
  }

  static {
    // As of every call: promises made of it are plain ones.
    void Object.defineProperty(this.prototype, 'constructor', { value: Promise });
  }

  override get items(): B {
    return this.#items;
  }

  /**
   * Whether the item behind those that are over has ended it. What keeps every call from running is no item's doing,
   * nor is it to be cancelled, or that the pool closes.
   */
  get endedByItem(): boolean {
    const began = this.ending === 'timed-out' || (this.ending === 'failed' && this.startedAt !== null);
    return began && this.late < 0 && this.items.done < this.items.count;
  }

  /**
   * The item whose time was over, and that came back by itself while the batch was being stopped: it counts among those
   * that are over, and has failed. -1: none.
   */
  get late(): number {
    return this.ending === 'timed-out' && this.#seen >= 0 && this.#seen < this.#items.done ? this.#seen : -1;
  }

  /** ms that its items took. */
  get ms(): number {
    return (this.endedAt ?? 0) - (this.startedAt ?? 0);
  }

  /** A timeout is for each item: time counts from when it was first seen to run. */
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
