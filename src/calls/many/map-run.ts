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
import { CallCancelledError, type OffthreadError } from '../../errors.js';
import type { ManyProgress } from '../../options/column-options.js';
import type { MapSettings } from '../../options/map-options.js';
import { isThenable } from '../../supervisor/thenable.js';
import { reasonText } from '../call.js';
import { type Abortable, linkSignal, unlinkSignal } from '../signals.js';
import {
  answeredLater,
  budgetOf,
  failedItem,
  handlerFailed,
  readBefore,
  sourceFailed,
  tooMany,
} from './endings.js';
import { Group, type Items } from './group.js';
import { type Finished, NOTHING, Outbox, type View } from './outbox.js';
import { Pace } from './pace.js';
import { Progress } from './progress.js';
import type { Outcome, Runner } from './runner.js';
import { Source } from './source.js';

/** Items of a group that are to run. */
interface Work {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
}

interface Reader {
  readonly view: View<unknown>;
  resolve(one: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
/** Batches for each taker that may be pulled and not given out. */
const LOOK_AHEAD = 4;
/** ms after which others get their turn of the event loop. */
const TURN_MS = 10;

export class MapRun implements Abortable {
  readonly #runner: Runner;
  readonly #settings: MapSettings;
  readonly #source: Source;
  readonly #outbox: Outbox;
  readonly #progress: Progress;
  readonly #pace = new Pace();
  /** What stops the work that is under way. */
  readonly #stops = new Set<(reason: unknown) => void>();
  readonly #again: Work[] = [];
  readonly #waits = new Set<NodeJS.Timeout>();
  /** How often items have failed that are run again, by index. */
  readonly #failedOften = new Map<number, number>();
  readonly #readers: Reader[] = [];
  readonly #ended: Promise<void>;
  #endedNow: () => void = () => {};
  #pulled = 0;
  #accounting = 0;
  #lastFailed: { readonly index: number; readonly errorOf: () => unknown } | null = null;
  /** Results are read together, in the end. */
  #collects = false;
  /** When it last left the event loop to others, in ms. */
  #turnAt = 0;
  #waitsForTurn = false;
  #started = false;
  #isOver = false;
  #failure: (() => OffthreadError) | null = null;
  #told = false;

  constructor(runner: Runner, items: unknown, settings: MapSettings) {
    this.#runner = runner;
    this.#settings = settings;
    this.#source = new Source(items, {
      came: () => this.#go(),
      failed: (error) => {
        this.#stop(() => sourceFailed(runner.name, this.#pulled, error, this.#progress));
        this.#go();
      },
    });
    this.#outbox = new Outbox(settings.ordered);
    this.#progress = new Progress(this.#source.total, settings.onProgress, (error) => {
      this.#stop(() => handlerFailed(runner.name, error, this.#progress));
      this.#go();
    });
    this.#ended = new Promise((resolve) => (this.#endedNow = resolve));
  }

  get progress(): ManyProgress {
    return this.#progress.read();
  }

  /** Results that were there when it ended early, and that nobody has been given, or will be. */
  get finished(): readonly Finished[] {
    return this.#isOver && this.#told ? this.#outbox.leftOver() : [];
  }

  /** The next result. The first one that is asked for starts the run. */
  next<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    if (!this.#started) this.#start();
    if (this.#collects) return Promise.reject(readBefore(this.#runner.name));
    // It has been told how the run ended, or has gone.
    if (this.#told) return Promise.resolve(DONE);
    const one = this.#readers.length === 0 ? this.#outbox.take(view) : NOTHING;
    if (one !== NOTHING) {
      // Room for more: not for each, that would be a look at the source for every item.
      if (this.#outbox.isEmpty) this.#go();
      return Promise.resolve({ done: false, value: one });
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ view, resolve: resolve as Reader['resolve'], reject });
      this.#go();
    });
  }

  /** All results that nobody has read yet. @throws (rejects) what the run fails with; StreamError where it has been read. */
  async collect(): Promise<unknown[]> {
    if (this.#told || this.#collects || this.#readers.length > 0) throw readBefore(this.#runner.name);
    this.#collects = true;
    if (!this.#started) this.#start();
    this.#go();
    await this.#ended;
    this.#told = true;
    if (this.#failure !== null) throw this.#failure();
    return this.#outbox.collect(this.#progress.total);
  }

  /** No more results are wanted. @returns a promise for the real end: nothing of it runs any more. */
  async leave(): Promise<void> {
    this.#told = true;
    this.#end('nobody reads its results any more');
    await this.#ended;
  }

  /** @returns whether this stopped it. */
  cancel(reason?: unknown): boolean {
    return this.#end(reason);
  }

  #start(): void {
    this.#started = true;
    this.#progress.begin();
    this.#turnAt = performance.now();
    const { signal } = this.#settings;
    if (signal?.aborted === true) this.abort(signal.reason);
    else if (signal !== undefined) linkSignal(signal, this);
    this.#go();
  }

  abort(reason: unknown): void {
    this.#end(reason);
  }

  #end(reason: unknown): boolean {
    if (this.#failure !== null || this.#isOver) return false;
    this.#started = true;
    const { name } = this.#runner;
    const why = reasonText(reason);
    this.#stop(
      () =>
        new CallCancelledError(
          `The run of ${name} was cancelled${why === '' ? '' : `: ${why}`}, after ${this.#progress.done} items.`,
          { symbol: name, cause: reason },
        ),
    );
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
    } while (this.#serve());
  }

  #handOut(): void {
    while (this.#failure === null && this.#stops.size < this.#runner.most && this.#hasTurn()) {
      const work = this.#again.shift() ?? this.#pull();
      // To be asked for an item, a source may have ended the run.
      if (work === null || this.#isStopped()) break;
      this.#run(work);
    }
  }

  #isStopped(): boolean {
    return this.#failure !== null;
  }

  /** Items that fail, or end, without a lane would keep the event loop for ever. @returns false when others come first. */
  #hasTurn(): boolean {
    const now = performance.now();
    if (this.#waitsForTurn) return false;
    if (now - this.#turnAt < TURN_MS) return true;
    this.#waitsForTurn = true;
    setImmediate(() => {
      this.#waitsForTurn = false;
      this.#turnAt = performance.now();
      this.#go();
    });
    return false;
  }

  /** Items from the source, as many as there is room for. */
  #pull(): Work | null {
    const { takers, capacity, most } = this.#runner;
    const { total } = this.#progress;
    // What has been said of it may be wrong.
    const left = total === undefined || total <= this.#pulled ? Infinity : total - this.#pulled;
    const size = this.#pace.size(left, takers, capacity);
    const window = capacity === 1 ? 2 * most : LOOK_AHEAD * takers * size;
    if (this.#collects) this.#outbox.keep();
    // Those that are left out, at the head, are passed by.
    else void this.#outbox.isEmpty;
    const room = Math.max(window, most) - (this.#pulled - this.#outbox.passed);
    if (room <= 0 || this.#source.isOver) return null;
    let items: Items = { array: [], start: 0, count: 0 };
    this.#account(() => (items = this.#source.take(Math.min(size, room))));
    if (items.count === 0) return null;
    const group = new Group(this.#pulled, items);
    this.#pulled += items.count;
    this.#outbox.open(group);
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
    this.#guard(run);
    this.#accounting -= 1;
  }

  #onOver({ group, from, to }: Work, { done, failures, ended, ms }: Outcome): void {
    this.#pace.measure(done, ms);
    // What is run again goes by itself.
    if (done === 1 && failures.length === 0) this.#failedOften.delete(group.from + from);
    group.end(from, from + done);
    for (const { index } of failures) group.reopen(from + index);
    this.#progress.done += done - failures.length;
    this.#outbox.add(group, from, from + done);
    for (const { index, error } of failures) this.#onFailed(group, from + index, error);
    if (ended !== null) this.#onEndedEarly(group, from + done, to, ended);
    this.#guard(() => this.#progress.tell());
  }

  #onEndedEarly(group: Group, at: number, to: number, { error, blame }: NonNullable<Outcome['ended']>): void {
    if (this.#failure !== null) return;
    if (blame === 'run') {
      this.#stop(() => error as OffthreadError);
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
    const budget = budgetOf(this.#settings.maxFailures, this.#progress.total);
    // An error takes some 20 µs to be made: not for thousands that nobody wants.
    if (this.#settings.skips && this.#progress.failed + 1 <= budget) {
      this.#progress.failed += 1;
      this.#lastFailed = { index, errorOf };
      this.#leaveOut(group, at);
      return;
    }
    const error = errorOf();
    const often = (this.#failedOften.get(index) ?? 0) + 1;
    const wait = this.#settings.again(error, often);
    if (wait !== null) {
      this.#failedOften.set(index, often);
      this.#later(wait, { group, from: at, to: at + 1 });
      return;
    }
    this.#failedOften.delete(index);
    this.#progress.failed += 1;
    this.#lastFailed = { index, errorOf: () => error };
    this.#guard(() => {
      const does = this.#settings.onError(error, group.item(at), index);
      if (isThenable(does)) throw answeredLater(does);
      const name = this.#runner.name;
      if (does === 'stop') this.#stop(() => failedItem(name, index, error, this.#progress));
      else if (this.#progress.failed > budget) {
        this.#stop(() => tooMany(name, index, error, this.#progress, budget));
      } else if (does === 'skip') this.#leaveOut(group, at);
      else if (typeof does === 'object' && does !== null && 'value' in does) {
        group.put(at, does.value);
        group.end(at, at + 1);
        this.#outbox.add(group, at, at + 1);
      } else
        throw new TypeError(`onError answered ${String(does)}; it has to answer 'stop', 'skip' or { value }`);
    });
  }

  #leaveOut(group: Group, at: number): void {
    group.leaveOut(at);
    this.#outbox.leftOut();
  }

  #later(ms: number, work: Work): void {
    const timer = setTimeout(() => {
      this.#waits.delete(timer);
      this.#again.push(work);
      this.#go();
    }, ms);
    this.#waits.add(timer);
  }

  /** Runs a handler of the user's: one that throws ends the run. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#stop(() => handlerFailed(this.#runner.name, error, this.#progress));
    }
  }

  #stop(failure: () => OffthreadError): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#source.close();
    for (const timer of this.#waits) clearTimeout(timer);
    this.#waits.clear();
    this.#again.length = 0;
    for (const stop of [...this.#stops]) stop('its run has ended');
  }

  #finish(): void {
    if (this.#isOver || this.#stops.size > 0) return;
    const all = this.#source.isOver && this.#again.length === 0 && this.#waits.size === 0;
    if (this.#failure === null && !all) return;
    this.#isOver = true;
    const { signal } = this.#settings;
    if (signal !== undefined) unlinkSignal(signal, this);
    this.#progress.end();
    if (this.#failure === null) {
      this.#progress.total = this.#pulled;
      this.#guard(() => this.#progress.tell(true));
      this.#checkShare();
    }
    if (this.#collects) this.#outbox.keep();
    this.#outbox.end();
    this.#endedNow();
  }

  /** A share of all items can be told only now, where their number was not known before. */
  #checkShare(): void {
    const { failed } = this.#progress;
    const budget = budgetOf(this.#settings.maxFailures, this.#pulled);
    const last = this.#lastFailed;
    if (last === null || failed <= budget) return;
    const error = last.errorOf();
    this.#stop(() => tooMany(this.#runner.name, last.index, error, this.#progress, budget));
  }

  /** @returns whether it has given out anything. */
  #serve(): boolean {
    let given = false;
    for (let [reader] = this.#readers; reader !== undefined; [reader] = this.#readers) {
      const one = this.#outbox.take(reader.view);
      if (one === NOTHING) break;
      this.#readers.shift();
      reader.resolve({ done: false, value: one });
      given = true;
    }
    if (!this.#isOver || this.#readers.length === 0 || !this.#outbox.isEmpty) return given;
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (this.#failure === null || this.#told) resolve(DONE);
      else {
        this.#told = true;
        reject(this.#failure());
      }
    }
    return given;
  }
}
