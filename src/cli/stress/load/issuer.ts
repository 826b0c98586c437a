/** Makes the calls of a run, and hands what becomes of them to the recorder. */
import type { NativeCall } from 'offthread';
import type { AnyFunction } from '../../target/open-target.js';
import type { ArgumentSource } from '../arguments/argument-source.js';
import type { Recorder } from '../record/recorder.js';

export class Issuer {
  /** Called when a call has ended; set by the model that drives the run. */
  onEnd: () => void = () => {};
  readonly #fn: AnyFunction;
  readonly #source: ArgumentSource;
  readonly #recorder: Recorder;
  readonly #onFailure: (error: unknown, item: number) => void;
  #item: number;
  #inFlight = 0;
  #made = 0;
  #idle: (() => void) | null = null;

  /** @param firstItem - number of the first call: arguments are made from it. */
  constructor(
    fn: AnyFunction,
    source: ArgumentSource,
    recorder: Recorder,
    firstItem: number,
    onFailure: (error: unknown, item: number) => void,
  ) {
    this.#fn = fn;
    this.#source = source;
    this.#recorder = recorder;
    this.#item = firstItem;
    this.#onFailure = onFailure;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls that were made. */
  get made(): number {
    return this.#made;
  }

  /** The number of the next call. */
  get nextItem(): number {
    return this.#item;
  }

  /** Makes a call that was due at a time. */
  issue(dueAt: number): void {
    const item = this.#item;
    this.#item += 1;
    const values = this.#source.values(item);
    const madeAt = performance.now();
    this.#recorder.due(dueAt, madeAt, true);
    this.#inFlight += 1;
    this.#made += 1;
    const call = this.#fn(...values);
    call.then(
      () => this.#succeeded(call, dueAt, madeAt),
      (error: unknown) => this.#failed(error, dueAt, item),
    );
  }

  /** Notes that no call is made for an arrival; its arguments are left out. */
  drop(dueAt: number): void {
    this.#item += 1;
    this.#recorder.due(dueAt, dueAt, false);
  }

  /** Resolves when no call is in flight. */
  drained(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #succeeded(call: NativeCall<unknown>, dueAt: number, madeAt: number): void {
    const endedAt = performance.now();
    const { createdAt, queuedMs, ranMs } = call.timing;
    // A call counts from the beginning of the turn that made it, which may be before it was due.
    const startedAt = createdAt - performance.timeOrigin + queuedMs;
    this.#recorder.succeeded({ dueAt, madeAt, startedAt, endedAt, ranMs: ranMs ?? 0 });
    this.#ended();
  }

  #failed(error: unknown, dueAt: number, item: number): void {
    this.#recorder.failed(dueAt, performance.now(), error, item);
    this.#onFailure(error, item);
    this.#ended();
  }

  #ended(): void {
    this.#inFlight -= 1;
    this.onEnd();
    if (this.#inFlight === 0) this.#idle?.();
  }
}
