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
import { reasonText } from '../call.js';
import { failedItem, handlerFailed, sourceFailed, tooMany } from './endings.js';
import type { Collector } from './collector.js';
import { Group } from './group.js';
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

export class MapRun {
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
  #givenOut = 0;
  #accounting = 0;
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
    this.#progress = new Progress(this.#source.total, settings.onProgress);
    this.#ended = new Promise((resolve) => (this.#endedNow = resolve));
  }

  get progress(): ManyProgress {
    return this.#progress.read();
  }

  /** Results that were there when it ended early, and that nobody will be given: behind one that is missing. */
  get finished(): readonly Finished[] {
    return this.#isOver ? this.#outbox.leftOver() : [];
  }

  /** The next result. The first one that is asked for starts the run. */
  next<T>(view: View<T>): Promise<IteratorResult<T, undefined>> {
    if (!this.#started) this.#start();
    // It has been told how the run ended, or has gone.
    if (this.#told) return Promise.resolve(DONE);
    const one = this.#readers.length === 0 ? this.#outbox.take(view) : NOTHING;
    if (one !== NOTHING) {
      this.#gave(1);
      return Promise.resolve({ done: false, value: one });
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ view, resolve: resolve as Reader['resolve'], reject });
      this.#serve();
    });
  }

  /** Gives out all results that are there, and that nobody else waits for. */
  drain(into: Collector): void {
    if (this.#told || this.#readers.length > 0) return;
    this.#gave(this.#outbox.drain(into));
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
    const { signal } = this.#settings;
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted === true) this.#onAbort();
    this.#go();
  }

  readonly #onAbort = (): void => {
    this.#end(this.#settings.signal?.reason);
  };

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
    while (this.#failure === null && this.#stops.size < this.#runner.most) {
      const work = this.#again.shift() ?? this.#pull();
      if (work === null) break;
      this.#run(work);
    }
    this.#finish();
    this.#serve();
  }

  /** Items from the source, as many as there is room for. */
  #pull(): Work | null {
    const { takers, capacity, most } = this.#runner;
    const { total } = this.#source;
    const size = this.#pace.size((total ?? Infinity) - this.#pulled, takers, capacity);
    const window = capacity === 1 ? 2 * most : LOOK_AHEAD * takers * size;
    const room = Math.max(window, most) - (this.#pulled - this.#givenOut);
    if (room <= 0 || this.#source.isOver) return null;
    this.#accounting += 1;
    const items = this.#source.take(Math.min(size, room));
    this.#accounting -= 1;
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
  }

  #account(run: () => void): void {
    this.#accounting += 1;
    run();
    this.#accounting -= 1;
  }

  #onOver({ group, from, to }: Work, { done, failures, ended, ms }: Outcome): void {
    this.#pace.measure(done, ms);
    group.end(from, from + done);
    for (const { index } of failures) group.reopen(from + index);
    this.#progress.done += done - failures.length;
    this.#outbox.add(group, from, from + done);
    for (const { index, error } of failures) this.#onFailed(group, from + index, error);
    if (ended !== null) this.#onEndedEarly(group, from + done, to, ended);
    this.#guard(() => this.#progress.tell());
  }

  #onEndedEarly(
    group: Group,
    at: number,
    to: number,
    { error, byItem }: NonNullable<Outcome['ended']>,
  ): void {
    if (this.#failure !== null) return;
    if (!byItem) {
      this.#stop(() => error as OffthreadError);
      return;
    }
    if (at + 1 < to) this.#again.unshift({ group, from: at + 1, to });
    this.#onFailed(group, at, () => error);
  }

  #onFailed(group: Group, at: number, errorOf: () => unknown): void {
    if (this.#failure !== null) {
      this.#progress.failed += 1;
      return;
    }
    const error = errorOf();
    const index = group.from + at;
    const often = (this.#failedOften.get(index) ?? 0) + 1;
    const wait = this.#settings.again(error, often);
    if (wait !== null) {
      this.#failedOften.set(index, often);
      this.#later(wait, { group, from: at, to: at + 1 });
      return;
    }
    this.#failedOften.delete(index);
    this.#progress.failed += 1;
    const most = this.#settings.maxFailures;
    const budget = most < 1 ? most * (this.#progress.total ?? Infinity) : most;
    this.#guard(() => {
      const does = this.#settings.onError(error, group.item(at), index);
      const name = this.#runner.name;
      if (does === 'stop') this.#stop(() => failedItem(name, index, error, this.#progress));
      else if (this.#progress.failed > budget) {
        this.#stop(() => tooMany(name, index, error, this.#progress, budget));
      } else if (does === 'skip') {
        group.leaveOut(at);
        this.#givenOut += 1;
      } else if (typeof does === 'object' && does !== null && 'value' in does) {
        group.put(at, does.value);
        group.end(at, at + 1);
        this.#outbox.add(group, at, at + 1);
      } else
        throw new TypeError(`onError answered ${String(does)}; it has to answer 'stop', 'skip' or { value }`);
    });
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
    this.#settings.signal?.removeEventListener('abort', this.#onAbort);
    if (this.#failure === null) {
      this.#progress.total ??= this.#pulled;
      this.#guard(() => this.#progress.tell(true));
    }
    this.#outbox.end();
    this.#endedNow();
  }

  /** So many results have been given out. */
  #gave(count: number): void {
    this.#givenOut += count;
    // Room for more: not for each, that would be a look at the source for every item.
    if (count > 0 && this.#outbox.isEmpty) this.#go();
  }

  #serve(): void {
    for (let [reader] = this.#readers; reader !== undefined; [reader] = this.#readers) {
      const one = this.#outbox.take(reader.view);
      if (one === NOTHING) break;
      this.#givenOut += 1;
      this.#readers.shift();
      reader.resolve({ done: false, value: one });
    }
    if (!this.#isOver || this.#readers.length === 0 || !this.#outbox.isEmpty) return;
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (this.#failure === null || this.#told) resolve(DONE);
      else {
        this.#told = true;
        reject(this.#failure());
      }
    }
  }
}
