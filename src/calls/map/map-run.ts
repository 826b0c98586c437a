/**
 * A run of one function over items that come one after the other.
 *
 *   item   pulled ──► sent ──► over ──► result, in order ──► read
 *            (ItemSupply)   (ItemOutcomes)   (OrderedResults, Readers)
 *   run    running ──► source at its end, every item over ──► done
 *            └──► failed | cancelled | reader gone ──► stopping ──► everything over ──► failed
 *
 * Guarantees:
 * - It ends when nothing of it runs in any lane any more.
 * - The first cause that ends it is the one it fails with, after every result
 *   that can still be given out in order.
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
  /** What stops the work that is under way. */
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
    this.#items = { name, supply, results, failures, progress, onError: settings.onError };
    this.#readers = new Readers(name, results);
    this.#ended = new Promise((resolve) => (this.#endedNow = resolve));
  }

  get progress(): ManyProgress {
    return this.#items.progress.read();
  }

  /** Results that were there when it ended early, and that were not delivered, and will not be. */
  get finished(): readonly Finished[] {
    return this.#isOver ? this.#readers.leftOver : [];
  }

  /** The next result. The first one that is asked for starts the run. */
  next<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    if (!this.#started) this.#start();
    const one = this.#readers.take(view);
    if (one === null) {
      const next = this.#readers.wait(view);
      this.#go();
      return next;
    }
    // Room for more: not for each, that would be a look at the source for every item.
    if (this.#items.results.isEmpty) this.#go();
    return one;
  }

  /** All results that have not been read yet. @throws (rejects) what the run fails with; StreamError where it has been read. */
  async collect(): Promise<unknown[]> {
    this.#readers.keepAll();
    if (!this.#started) this.#start();
    this.#go();
    await this.#ended;
    return this.#readers.takeAll(this.#items.failures.cause, this.#items.progress.total);
  }

  /** No more results are wanted. @returns a promise for the real end: nothing of it runs any more. */
  async leave(): Promise<void> {
    this.#readers.leave();
    this.cancel('its results are no longer read');
    await all([this.#ended, this.#source.closed]);
  }

  /** @returns whether this stopped it. */
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

  /** Sends work, answers readers, and ends when there is nothing more to do. */
  #go(): void {
    if (!this.#started || this.#accounting > 0) return;
    // What is given out makes room for more.
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
      // To be asked for an item, a source may have ended the run.
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
      // It never runs; those before it and behind it do.
      this.#items.supply.again(group, at + 1, to);
      this.#items.supply.again(group, from, at);
      this.#account(() => itemFailed(this.#items, group, at, () => error));
      return;
    }
    this.#stops.add(sent);
    // A function of the caller's may have ended the run while it was being called.
    if (this.#items.failures.stopped) sent('its run has ended');
  }

  /** Nothing may be thrown from here: others' calls are being settled. */
  #account<T>(run: () => T): T | undefined {
    this.#accounting += 1;
    const result = this.#items.failures.guard(run);
    this.#accounting -= 1;
    return result;
  }

  /** What is under way comes to its end; the source, and what waits to be run again, is not waited for. */
  #endWithPool(error: OffthreadError): void {
    if (this.#stops.size > 0 || this.#items.supply.isComplete) return;
    if (this.#account(() => this.#items.supply.hasMore()) !== false) this.stop(error);
  }

  /** Something has ended the run early. */
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
