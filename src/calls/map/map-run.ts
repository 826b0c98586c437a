/**
 * A run of one function over a sequence of items.
 *
 *   item   pulled ──► sent ──► ended ──► result, in order ──► read
 *            (ItemSupply)   (ItemOutcomes)    (OrderedResults, Readers)
 *   run    running ──► source at its end, every item ended ──► done
 *            └──► failed | cancelled | reader gone ──► stopping ──► all work ended ──► failed
 *
 * Guarantees:
 * - The run ends when none of its work runs in any lane.
 * - The run fails with the first cause that ends it, after every result that can still be delivered in order.
 */
import { Promise } from '../../builtins.js';
import { all } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import type { ManyProgress } from '../../options/column-options.js';
import type { MapSettings } from '../../options/map-options.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import { type Abortable, linkSignal, unlinkSignal } from '../signals.js';
import { cancelledRun, endedByPool, sourceFailed } from '../batches/run-errors.js';
import { type Failure, RunFailures } from '../batches/run-failures.js';
import type { PoolRun, Runs } from '../batches/runs.js';
import { type RunItems, itemFailed, takeOutcome } from './item-outcomes.js';
import { ItemSupply } from './item-supply.js';
import { type Finished, OrderedResults, type View } from './ordered-results.js';
import { Readers } from './readers.js';
import type { Runner, Stop, Work } from './runner.js';
import { Source } from './source.js';
import { Turns } from './turns.js';

export class MapRun implements Abortable, PoolRun {
  readonly name: string;
  readonly #runner: Runner;
  readonly #runs: Runs;
  readonly #signal: AbortSignal | undefined;
  readonly #source: Source;
  readonly #items: RunItems;
  readonly #readers: Readers;
  readonly #turns = new Turns(() => this.#go());
  /** Functions that stop the work in progress. */
  readonly #stops = new Set<Stop>();
  readonly #ended: Promise<void>;
  #endedNow: () => void = () => {};
  #leavePool: () => void = () => {};
  #accounting = 0;
  #started = false;
  #isOver = false;
  /** Why the pool takes no more calls. */
  #closed: OffthreadError | null = null;

  constructor(runner: Runner, items: unknown, settings: MapSettings, runs: Runs) {
    const { name } = runner;
    this.name = name;
    this.#runner = runner;
    this.#runs = runs;
    this.#signal = settings.signal;
    this.#source = new Source(items, {
      came: () => this.#go(),
      failed: (error) => failures.stop(() => sourceFailed(name, supply.pulled, error, progress)),
    });
    const failures = new RunFailures(name, settings, this.#source.total, (cause) => this.#stopAll(cause));
    const { progress } = failures;
    const results = new OrderedResults(settings.ordered);
    const supply = new ItemSupply(this.#source, runner, progress, results, settings.again, () => this.#go());
    this.#items = {
      name,
      supply,
      results,
      failures,
      progress,
      onError: settings.onError,
      onRetry: settings.onRetry,
    };
    this.#readers = new Readers(name, results);
    this.#ended = new Promise((resolve) => (this.#endedNow = resolve));
  }

  get progress(): ManyProgress {
    return this.#items.progress.read();
  }

  /** Results that the run had when it ended early and that will not be delivered. */
  get finished(): readonly Finished[] {
    return this.#isOver ? this.#readers.leftOver : [];
  }

  /** The next result. The first request starts the run. */
  next<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    if (!this.#started) this.#start();
    const one = this.#readers.take(view);
    if (one === null) {
      const next = this.#readers.wait(view);
      this.#go();
      return next;
    }
    // There is room for more items. Not after each result: that would check the source for every item.
    if (this.#items.results.isEmpty) this.#go();
    return one;
  }

  /**
   * All results that have not been read yet. @throws (rejects) the error of the run; StreamError if the results have
   * been read.
   */
  async collect(): Promise<unknown[]> {
    this.#readers.keepAll();
    if (!this.#started) this.#start();
    this.#go();
    await this.#ended;
    return this.#readers.takeAll(this.#items.failures.cause, this.#items.progress.total);
  }

  /** The reader needs no more results. @returns a promise that resolves when none of the run's work runs. */
  async leave(): Promise<void> {
    this.#readers.leave();
    this.cancel('its results are no longer read');
    await all([this.#ended, this.#source.closed]);
  }

  /** @returns whether this call stopped the run. */
  cancel(reason?: unknown): boolean {
    if (this.#items.failures.stopped || this.#isOver) return false;
    this.#started = true;
    this.#items.failures.stop(() => cancelledRun(this.name, reason, `${this.#items.progress.done}`));
    return true;
  }

  abort(reason: unknown): void {
    this.cancel(reason);
  }

  close(error: OffthreadError): void {
    this.#closed = error;
    this.#go();
  }

  stop(error: OffthreadError): void {
    if (!this.#isOver) this.#items.failures.stop(() => endedByPool(this.name, error, this.#items.progress));
  }

  #start(): void {
    this.#started = true;
    this.#items.progress.begin();
    this.#turns.begin();
    const signal = this.#signal;
    if (signal !== undefined && hasAborted(signal)) {
      this.abort(abortReason(signal));
      return;
    }
    if (signal !== undefined) linkSignal(signal, this);
    this.#leavePool = this.#runs.add(this);
    this.#go();
  }

  /** Sends work, delivers results, and ends the run when there is nothing more to do. */
  #go(): void {
    if (!this.#started || this.#accounting > 0) return;
    // Delivered results make room for more items.
    do {
      if (this.#closed === null) this.#sendAll();
      else this.#endWithPool(this.#closed);
      this.#finish();
    } while (this.#readers.serve());
    if (this.#isOver) this.#readers.end(this.#items.failures.cause);
    this.#runs.await(this, !this.#isOver && this.#readers.areWaiting);
  }

  #sendAll(): void {
    while (!this.#items.failures.stopped && this.#stops.size < this.#runner.most && this.#turns.has()) {
      const work = this.#account(() => this.#items.supply.next());
      // The source may have ended the run while it was asked for an item.
      if (work === undefined || this.#items.failures.stopped) break;
      this.#send(work);
    }
  }

  #send(work: Work): void {
    const { group, from, to } = work;
    const sent = this.#runner.run(work, (outcome) => {
      this.#stops.delete(sent as Stop);
      this.#account(() => takeOutcome(this.#items, work, outcome));
      this.#go();
    });
    if (typeof sent !== 'function') {
      const { at, error } = sent;
      // This item never runs; those before and after it do.
      this.#items.supply.again(group, at + 1, to);
      this.#items.supply.again(group, from, at);
      this.#account(() => itemFailed(this.#items, group, at, () => error));
      return;
    }
    this.#stops.add(sent);
    // A function of the caller may have ended the run while it was running.
    if (this.#items.failures.stopped) sent('its run has ended');
  }

  /** Must not throw: the calls of other runs are being settled. */
  #account<T>(run: () => T): T | undefined {
    this.#accounting += 1;
    const result = this.#items.failures.guard(run);
    this.#accounting -= 1;
    return result;
  }

  /** Work in progress runs to its end; the source and the items that wait to run again are dropped. */
  #endWithPool(error: OffthreadError): void {
    if (this.#stops.size > 0 || this.#items.supply.isComplete) return;
    if (this.#account(() => this.#items.supply.hasMore()) !== false) this.stop(error);
  }

  /** Stops everything after the run has ended early. */
  #stopAll(failure: Failure): void {
    this.#source.close();
    this.#items.supply.clear();
    this.#runner.end(failure);
    for (const stop of [...this.#stops]) stop('its run has ended');
    this.#go();
  }

  #finish(): void {
    const { supply, results, failures, progress } = this.#items;
    if (this.#isOver || this.#stops.size > 0) return;
    if (!failures.stopped && !supply.isComplete) return;
    this.#isOver = true;
    if (this.#signal !== undefined) unlinkSignal(this.#signal, this);
    this.#leavePool();
    progress.end();
    if (!failures.stopped) {
      progress.total = supply.pulled;
      this.#account(() => {
        progress.tell(true);
        failures.checkShare(supply.pulled);
      });
    }
    results.end();
    this.#endedNow();
  }
}
