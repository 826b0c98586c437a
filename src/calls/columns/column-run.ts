/**
 * A run of one function over columns: ranges of items are sent to lanes as batches. The rest of a batch that ended
 * early is sent again, without the item that ended it.
 *
 *   running ──► every item has ended ──► done
 *      └──► an item has failed, cancelled, pool closed ──► stopping ──► every batch has ended ──► failed
 *
 * Guarantees:
 * - Each item runs at most once, and is counted once: done, failed, or not started.
 * - The run settles when none of its batches is in a lane, or can write to `out`.
 * - The run fails with the first cause that ends it.
 */
import { Math, Promise, performance } from '../../builtins.js';
import type { ColumnSettings, ManyProgress } from '../../options/column-options.js';
import type { Column } from '../../shared/memory/batch-layout.js';
import type { FunctionOrigin } from '../dispatcher.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import { linkSignal, unlinkSignal } from '../signals.js';
import type { BatchCall } from '../batches/batch-call.js';
import { ColumnBatch, lentOf } from './column-batch.js';
import type { CheckedColumns } from './column-check.js';
import { cancelledRun, endedBy, endedByPool } from '../batches/run-errors.js';
import { RunFailures } from '../batches/run-failures.js';
import { Pace, batchesAtOnce } from '../batches/batch-size.js';
import type { Progress } from '../batches/run-progress.js';
import { failuresOf } from '../batches/item-verdicts.js';

/** A failed item. */
export interface FailedItem {
  /** Index of the item, from 0. */
  readonly index: number;
  /** The error of the item. */
  readonly error: unknown;
}

/** The result of a run over columns. */
export interface ColumnResult<C> {
  /**
   * The value that the function returned for each item. For a failed item: the previous element, or the value that
   * native code returned.
   */
  readonly out: C;
  /** Number of items that succeeded. */
  readonly done: number;
  /** Number of items that failed. */
  readonly failed: number;
  /** At most 1,000 failed items, those that were found first, in the order of their indices. */
  readonly failures: readonly FailedItem[];
  /** ms from the start to the end of the run. */
  readonly ms: number;
}

/** Maximum number of failures that the result has. */
const KEPT_FAILURES = 1_000;

/** Items [from, to). */
interface Range {
  from: number;
  readonly to: number;
}

export class ColumnRun {
  readonly promise: Promise<ColumnResult<Column | null>>;
  readonly #origin: FunctionOrigin;
  readonly #columns: CheckedColumns;
  readonly #settings: ColumnSettings;
  readonly #progress: Progress;
  readonly #pace = new Pace();
  readonly #capacity: number;
  readonly #takers: number;
  readonly #startedAt = performance.now();
  readonly #failures: RunFailures;
  /** The first failures, for the result. */
  readonly #kept: FailedItem[] = [];
  readonly #calls = new Set<BatchCall<ColumnBatch>>();
  /** Ranges that are in no batch yet, the next on top. */
  readonly #ranges: Range[];
  #left: number;
  /** Number of batches whose outcome is being processed. */
  #accounting = 0;
  #resolve!: (result: ColumnResult<Column | null>) => void;
  #reject!: (error: unknown) => void;

  constructor(origin: FunctionOrigin, columns: CheckedColumns, settings: ColumnSettings) {
    this.#origin = origin;
    this.#columns = columns;
    this.#settings = settings;
    this.#left = columns.length;
    this.#ranges = columns.length === 0 ? [] : [{ from: 0, to: columns.length }];
    this.#failures = new RunFailures(origin.fn.name, settings, columns.length, () => {
      for (const call of [...this.#calls]) call.cancel('its run has ended');
    });
    this.#progress = this.#failures.progress;
    this.#progress.begin();
    const { dispatcher, fn } = origin;
    this.#capacity = dispatcher.batchCapacity(fn, lentOf(columns, 0, 0));
    this.#takers = Math.min(settings.concurrency, dispatcher.lanesOf(origin));
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = settings;
    if (signal !== undefined && hasAborted(signal)) this.abort(abortReason(signal));
    else if (signal !== undefined) linkSignal(signal, this);
    this.#go();
  }

  get out(): Column | null {
    return this.#columns.given;
  }

  get progress(): ManyProgress {
    return this.#progress.read();
  }

  /** @returns whether this call stopped the run. */
  cancel(reason?: unknown): boolean {
    if (this.#failures.stopped || this.#isOver) return false;
    const { name } = this.#origin.fn;
    this.#failures.stop(() =>
      cancelledRun(name, reason, `${this.#progress.done} of ${this.#columns.length}`),
    );
    this.#settle();
    return true;
  }

  get #isOver(): boolean {
    return (
      this.#accounting === 0 &&
      this.#calls.size === 0 &&
      (this.#ranges.length === 0 || this.#failures.stopped)
    );
  }

  abort(reason: unknown): void {
    this.cancel(reason);
  }

  /** Sends batches, and settles the run when there is nothing more to do. */
  #go(): void {
    const most = batchesAtOnce(this.#takers, this.#origin.dispatcher.lanesOf(this.#origin));
    while (!this.#failures.stopped && this.#ranges.length > 0 && this.#calls.size < most) this.#send();
    this.#settle();
  }

  #send(): void {
    const range = this.#ranges.at(-1) as Range;
    const { dispatcher, fn } = this.#origin;
    const alone = dispatcher.pending <= this.#calls.size;
    const paced = this.#pace.size(this.#left, this.#takers, this.#capacity, alone);
    const size = Math.min(range.to - range.from, paced);
    const batch = new ColumnBatch(this.#columns, range.from, size);
    range.from += size;
    this.#left -= size;
    if (range.from === range.to) this.#ranges.pop();
    let refused = false;
    const call = dispatcher.batch(this.#origin, batch, (over) => {
      if (!this.#calls.delete(over)) refused = true;
      // Stopping the run also ends other batches: the run settles when all of them are processed.
      this.#accounting += 1;
      try {
        this.#onOver(over);
      } catch (error) {
        // Must not throw: the calls of other runs are being settled.
        this.#failures.stop(() => endedBy(fn.name, error, this.#progress));
      }
      this.#accounting -= 1;
      if (!refused) this.#go();
    });
    if (!call.isSettled) this.#calls.add(call);
  }

  #onOver(call: BatchCall<ColumnBatch>): void {
    const { items } = call;
    this.#pace.measure(items.done, call.ms);
    if (items.lost)
      this.#failures.stop(() =>
        endedBy(
          this.#origin.fn.name,
          new Error('`out` was detached or shrunk during the run'),
          this.#progress,
        ),
      );
    const failed = this.#verdicts(call);
    this.#progress.done += items.done - failed;
    if (call.ending !== 'succeeded') this.#onEndedEarly(call);
    this.#failures.guard(() => this.#progress.tell());
  }

  /** @returns the number of failed items among those that ran. */
  #verdicts(call: BatchCall<ColumnBatch>): number {
    const { items } = call;
    const { out, plan } = this.#columns;
    const returnedBy = (index: number): unknown => {
      const returned = out?.[items.from + index];
      return plan.returns === 'bool' ? returned !== 0 : returned;
    };
    const failedAt = performance.now();
    const failures = failuresOf(call, returnedBy);
    for (const { index, error } of failures) this.#onFailed(items.from + index, error);
    this.#pace.measureHost(items.done, failures.length === 0 ? 0 : performance.now() - failedAt);
    return failures.length;
  }

  /** Handles a batch that ended before its last item. */
  #onEndedEarly(call: BatchCall<ColumnBatch>): void {
    const { items } = call;
    const end = items.from + items.count;
    const next = items.from + items.done;
    const rest = (from: number): void => {
      if (from >= end) return;
      this.#ranges.push({ from, to: end });
      this.#left += end - from;
    };
    if (this.#failures.stopped) return;
    if (call.late >= 0) {
      // The failure of this item has already been counted.
      rest(next);
      return;
    }
    if (!call.endedByItem) {
      this.#failures.stop(() => endedByPool(this.#origin.fn.name, call.error, this.#progress));
      return;
    }
    rest(next + 1);
    this.#onFailed(next, () => call.error);
  }

  #onFailed(index: number, errorOf: () => unknown): void {
    if (this.#failures.stopped) {
      this.#progress.failed += 1;
      return;
    }
    const kept = this.#kept.length < KEPT_FAILURES;
    if (!kept && this.#failures.passOver(index, errorOf)) return;
    const error = errorOf();
    if (kept) this.#kept.push({ index, error });
    this.#failures.judge(index, error, () => this.#settings.onError(error, index), false);
  }

  #settle(): void {
    if (!this.#isOver) return;
    const { signal } = this.#settings;
    if (signal !== undefined) unlinkSignal(signal, this);
    this.#progress.end();
    if (!this.#failures.stopped) this.#failures.guard(() => this.#progress.tell(true));
    const { cause } = this.#failures;
    if (cause !== null) this.#reject(cause());
    else {
      const { done, failed } = this.#progress;
      const failures = this.#kept.toSorted((one, other) => one.index - other.index);
      this.#resolve({
        out: this.#columns.given,
        done,
        failed,
        failures,
        ms: performance.now() - this.#startedAt,
      });
    }
  }
}
