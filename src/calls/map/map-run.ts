/**
 * A run of one function over items that come one after the other.
 *
 *   item   pulled ──► under way ──► result ──► given out
 *            ▲            └──► failed ──► again, after a wait ──► under way
 *            │                    └──► left out, replaced, or it ends the run
 *   run    running ──► source at its end, every item over, all given out ──► done
 *            └──► failed | cancelled | reader gone ──► stopping ──► everything over ──► failed
 *
 * Guarantees:
 * - Items that are pulled and not given out are bounded: a reader that is slow,
 *   or lanes that are, hold up the source.
 * - It ends when nothing of it runs in any lane any more.
 * - The first cause that ends it is the one it fails with, after every result
 *   that can still be given out in order.
 */
import { Math, Promise, performance } from '../../builtins.js';
import { all, rejected } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import type { ManyProgress } from '../../options/column-options.js';
import type { MapSettings } from '../../options/map-options.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import { type Abortable, linkSignal, unlinkSignal } from '../signals.js';
import { cancelledRun, endedByPool, handlerFailed, readBefore, sourceFailed } from '../batches/run-errors.js';
import { Failures } from './item-failures.js';
import { Group, type Items } from './group.js';
import { type Finished, OrderedResults, type View } from './ordered-results.js';
import { Pace } from '../batches/batch-size.js';
import { Progress } from '../batches/run-progress.js';
import { Readers } from './readers.js';
import type { Outcome, Runner } from './runner.js';
import type { PoolRun, Runs } from '../batches/runs.js';
import { ItemRetry } from './item-retry.js';
import { Source } from './source.js';
import { Turns } from './turns.js';

/** Items of a group that are to run. */
interface Work {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
}

/** Batches for each taker that may be pulled and not given out. */
const LOOK_AHEAD = 4;
/** Items ahead of a reader at most: so many, and so many times those that it has read. A fast one is soon far enough not to be held up. */
const FIRST_AHEAD = 4_096;
const AHEAD_OF_READ = 2;

export class MapRun implements Abortable, PoolRun {
  readonly #runner: Runner;
  readonly #runs: Runs;
  readonly #settings: MapSettings;
  readonly #source: Source;
  readonly #results: OrderedResults;
  readonly #progress: Progress;
  readonly #pace = new Pace();
  /** What stops the work that is under way. */
  readonly #stops = new Set<(reason: unknown) => void>();
  readonly #again: Work[] = [];
  readonly #itemRetry: ItemRetry<Work>;
  readonly #failures: Failures;
  readonly #turns = new Turns(() => this.#go());
  readonly #readers: Readers;
  readonly #ended: Promise<void>;
  #endedNow: () => void = () => {};
  #pulled = 0;
  #accounting = 0;
  /** Results are read together, in the end. */
  #collects = false;
  #started = false;
  #isOver = false;
  #failure: (() => OffthreadError) | null = null;
  #leavePool: () => void = () => {};
  #isAwaited = false;
  /** Why nothing will be run any more. */
  #closed: OffthreadError | null = null;

  constructor(runner: Runner, items: unknown, settings: MapSettings, runs: Runs) {
    this.#runner = runner;
    this.#runs = runs;
    this.#settings = settings;
    this.#source = new Source(items, {
      came: () => this.#go(),
      failed: (error) => {
        this.#stop(() => sourceFailed(runner.name, this.#pulled, error, this.#progress));
        this.#go();
      },
    });
    this.#results = new OrderedResults(settings.ordered);
    this.#readers = new Readers(this.#results);
    this.#progress = new Progress(this.#source.total, settings.onProgress, (error) => {
      this.#stop(() => handlerFailed(runner.name, error, this.#progress));
      this.#go();
    });
    this.#failures = new Failures(runner.name, settings, this.#progress, (why) => this.#stop(why));
    this.#itemRetry = new ItemRetry(settings.again, (work) => {
      this.#again.push(work);
      this.#go();
    });
    this.#ended = new Promise((resolve) => (this.#endedNow = resolve));
  }

  get progress(): ManyProgress {
    return this.#progress.read();
  }

  /** Results that were there when it ended early, and that nobody has been given, or will be. */
  get finished(): readonly Finished[] {
    return this.#isOver && this.#readers.told ? this.#results.leftOver() : [];
  }

  /** The next result. The first one that is asked for starts the run. */
  next<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    if (!this.#started) this.#start();
    if (this.#collects) return rejected(readBefore(this.#runner.name));
    const one = this.#readers.take(view);
    if (one === null) {
      const next = this.#readers.wait(view);
      this.#go();
      return next;
    }
    // Room for more: not for each, that would be a look at the source for every item.
    if (this.#results.isEmpty) this.#go();
    return one;
  }

  /** All results that nobody has read yet. @throws (rejects) what the run fails with; StreamError where it has been read. */
  async collect(): Promise<unknown[]> {
    if (this.#readers.told || this.#collects || !this.#readers.isEmpty) throw readBefore(this.#runner.name);
    this.#collects = true;
    if (!this.#started) this.#start();
    this.#go();
    await this.#ended;
    this.#readers.told = true;
    if (this.#failure !== null) throw this.#failure();
    // What was there before anybody wanted all of it.
    this.#results.keep();
    return this.#results.collect(this.#progress.total);
  }

  /** No more results are wanted. @returns a promise for the real end: nothing of it runs any more. */
  async leave(): Promise<void> {
    this.#readers.told = true;
    this.#end('nobody reads its results any more');
    await all([this.#ended, this.#source.closed]);
  }

  /** @returns whether this stopped it. */
  cancel(reason?: unknown): boolean {
    return this.#end(reason);
  }

  #start(): void {
    this.#started = true;
    this.#progress.begin();
    this.#turns.begin();
    const { signal } = this.#settings;
    if (signal !== undefined && hasAborted(signal)) {
      this.abort(abortReason(signal));
      return;
    }
    if (signal !== undefined) linkSignal(signal, this);
    this.#leavePool = this.#runs.add(this);
    this.#go();
  }

  get name(): string {
    return this.#runner.name;
  }

  close(error: OffthreadError): void {
    this.#closed = error;
    this.#go();
  }

  stop(error: OffthreadError): void {
    if (this.#isOver) return;
    this.#stop(() => endedByPool(this.name, error, this.#progress));
    this.#go();
  }

  abort(reason: unknown): void {
    this.#end(reason);
  }

  #end(reason: unknown): boolean {
    if (this.#failure !== null || this.#isOver) return false;
    this.#started = true;
    const { name } = this.#runner;
    this.#stop(() => cancelledRun(name, reason, `${this.#progress.done}`));
    this.#go();
    return true;
  }

  /** Hands out work, answers readers, and ends when there is nothing more to do. */
  #go(): void {
    if (!this.#started || this.#accounting > 0) return;
    // What is given out makes room for more.
    do {
      this.#handOut();
      this.#finish();
    } while (this.#readers.serve());
    if (this.#isOver) this.#readers.end(this.#failure);
    this.#await(!this.#isOver && (this.#collects || !this.#readers.isEmpty));
  }

  #await(awaited: boolean): void {
    if (awaited === this.#isAwaited) return;
    this.#isAwaited = awaited;
    this.#runs.await(this, awaited);
  }

  #handOut(): void {
    if (this.#closed !== null) {
      this.#endWithPool(this.#closed);
      return;
    }
    while (this.#failure === null && this.#stops.size < this.#runner.most && this.#turns.has()) {
      const work = this.#again.shift() ?? this.#pull();
      // To be asked for an item, a source may have ended the run.
      if (work === null || this.#isStopped()) break;
      this.#run(work);
    }
  }

  /** What is under way comes to its end; the source, and what waits to be run again, is not waited for. */
  #endWithPool(error: OffthreadError): void {
    if (this.#stops.size > 0 || this.#isComplete) return;
    const waits = this.#again.length > 0 || this.#itemRetry.waiting > 0;
    // The last item may be over, and the source not have said so yet.
    if (!waits && this.#pull() === null && this.#source.isOver) return;
    this.stop(error);
  }

  /** Whether all items are over, or are under way. */
  get #isComplete(): boolean {
    return this.#source.isOver && this.#again.length === 0 && this.#itemRetry.waiting === 0;
  }

  #isStopped(): boolean {
    return this.#failure !== null;
  }

  /** Items ahead of the reader at most, so that a slow one is not far behind what was pulled; Infinity where all is read in the end. */
  get #readAhead(): number {
    return this.#collects ? Infinity : FIRST_AHEAD + AHEAD_OF_READ * this.#results.passed;
  }

  /** Items from the source, as many as there is room for. */
  #pull(): Work | null {
    const { takers, capacity, most } = this.#runner;
    const { total } = this.#progress;
    // What has been said of it may be wrong.
    const left = total === undefined || total <= this.#pulled ? Infinity : total - this.#pulled;
    const size = this.#pace.size(left, takers, capacity);
    const window = Math.min(capacity === 1 ? 2 * most : LOOK_AHEAD * takers * size, this.#readAhead);
    if (this.#collects) this.#results.keep();
    // Those that are left out, at the head, are passed by.
    else void this.#results.isEmpty;
    const room = Math.max(window, most) - (this.#pulled - this.#results.passed);
    if (room <= 0 || this.#source.isOver) return null;
    let items: Items = { array: [], start: 0, count: 0 };
    this.#account(() => (items = this.#source.take(Math.min(size, room))));
    if (items.count === 0) return null;
    const group = new Group(this.#pulled, items);
    this.#pulled += items.count;
    this.#results.open(group);
    return { group, from: 0, to: items.count };
  }

  #run({ group, from, to }: Work): void {
    const misfit = this.#runner.prepare(group, from, to);
    if (misfit !== null) {
      const { at, error } = misfit;
      // It never runs; those before it and behind it do.
      if (from < at) this.#again.unshift({ group, from, to: at });
      if (at + 1 < to) this.#again.push({ group, from: at + 1, to });
      this.#account(() => this.#onFailed(group, at, () => error));
      return;
    }
    const stop = this.#runner.run(group, from, to, (outcome) => {
      this.#stops.delete(stop);
      this.#account(() => this.#onOver({ group, from, to }, outcome));
      this.#go();
    });
    this.#stops.add(stop);
    // A function of the caller's may have ended the run while it was being called.
    if (this.#failure !== null) stop('its run has ended');
  }

  /** Nothing may be thrown from here: others' calls are being settled. */
  #account(run: () => void): void {
    this.#accounting += 1;
    this.#failures.guard(run);
    this.#accounting -= 1;
  }

  #onOver({ group, from, to }: Work, { done, failures, ended, ms }: Outcome): void {
    this.#pace.measure(done, ms);
    // What is run again goes by itself.
    if (done === 1 && failures.length === 0) this.#itemRetry.forget(group.from + from);
    group.end(from, from + done);
    for (const { index } of failures) group.reopen(from + index);
    this.#progress.done += done - failures.length;
    this.#results.add(group, from, from + done);
    const failedAt = performance.now();
    for (const { index, error } of failures) this.#onFailed(group, from + index, error);
    this.#pace.measureHost(done, failures.length === 0 ? 0 : performance.now() - failedAt);
    if (ended !== null) this.#onEndedEarly(group, from + done, to, ended);
    this.#failures.guard(() => this.#progress.tell());
  }

  #onEndedEarly(group: Group, at: number, to: number, { error, blame }: NonNullable<Outcome['ended']>): void {
    if (this.#failure !== null) return;
    if (blame === 'run') {
      this.#stop(() => endedByPool(this.#runner.name, error, this.#progress));
      return;
    }
    const rest = blame === 'next' ? at + 1 : at;
    if (rest < to) this.#again.unshift({ group, from: rest, to });
    if (blame === 'next') this.#onFailed(group, at, () => error);
  }

  #onFailed(group: Group, at: number, errorOf: () => unknown): void {
    if (this.#failure !== null) {
      this.#progress.failed += 1;
      return;
    }
    const index = group.from + at;
    if (this.#failures.passOver(index, errorOf)) {
      this.#leaveOut(group, at);
      return;
    }
    const error = errorOf();
    if (this.#itemRetry.take(index, error, { group, from: at, to: at + 1 })) return;
    const { onError } = this.#settings;
    const instead = this.#failures.judge(index, error, () => onError(error, group.item(at), index), true);
    if (instead === null) return;
    if (instead === 'skip') {
      this.#leaveOut(group, at);
      return;
    }
    group.put(at, instead.value);
    group.end(at, at + 1);
    this.#results.add(group, at, at + 1);
  }

  #leaveOut(group: Group, at: number): void {
    group.leaveOut(at);
    this.#results.leftOut();
  }

  #stop(failure: () => OffthreadError): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#source.close();
    this.#itemRetry.clear();
    this.#again.length = 0;
    this.#runner.end(failure);
    for (const stop of [...this.#stops]) stop('its run has ended');
  }

  #finish(): void {
    if (this.#isOver || this.#stops.size > 0) return;
    if (this.#failure === null && !this.#isComplete) return;
    this.#isOver = true;
    const { signal } = this.#settings;
    if (signal !== undefined) unlinkSignal(signal, this);
    this.#leavePool();
    this.#progress.end();
    if (this.#failure === null) {
      this.#progress.total = this.#pulled;
      this.#failures.guard(() => this.#progress.tell(true));
      this.#failures.checkShare(this.#pulled);
    }
    if (this.#collects) this.#results.keep();
    this.#results.end();
    this.#endedNow();
  }
}
