/**
 * The failures of a run: failed items are counted, omitted, passed to the caller's handler, or end the run; other
 * errors end it, too.
 *
 * Guarantees:
 * - A run fails with the first cause that ends it.
 * - A failed item is counted once. Its error is created only if it is used: that takes some 20 µs, and whole batches
 *   may fail.
 */
import { whenSettled } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import type { ManyProgress } from '../../options/column-options.js';
import { isThenable, settled } from '../../supervisor/host-functions/thenable.js';
import { answeredLater, budgetOf, failedItem, handlerFailed, tooMany } from './run-errors.js';
import { Progress } from './run-progress.js';

/** Creates the error of a run when it is reported, with the counts at that time. */
export type Failure = () => OffthreadError;

/** Omits a failed item, or replaces its result. */
export type Instead = 'skip' | { readonly value: unknown };

export interface FailureSettings {
  /** Whether every failed item is omitted, without calling a function. */
  readonly skips: boolean;
  /** Infinity: no limit. Below 1: a share of all items. */
  readonly maxFailures: number;
  readonly onProgress: ((progress: ManyProgress) => unknown) | undefined;
}

export class RunFailures {
  readonly progress: Progress;
  readonly #name: string;
  readonly #settings: FailureSettings;
  readonly #onStop: (cause: Failure) => void;
  #cause: Failure | null = null;
  #last: { readonly index: number; readonly errorOf: () => unknown } | null = null;

  /**
   * @param total the number of items, if it is known.
   * @param onStop called once, to stop the work in progress.
   */
  constructor(
    name: string,
    settings: FailureSettings,
    total: number | undefined,
    onStop: (cause: Failure) => void,
  ) {
    this.#name = name;
    this.#settings = settings;
    this.progress = new Progress(total, settings.onProgress, (error) => this.#handlerFailed(error));
    this.#onStop = onStop;
  }

  /** The failure that ended the run early; null if none has. */
  get cause(): Failure | null {
    return this.#cause;
  }

  /** Whether something has ended the run early. */
  get stopped(): boolean {
    return this.#cause !== null;
  }

  /** Ends the run: the first cause counts. */
  stop(cause: Failure): void {
    if (this.#cause !== null) return;
    this.#cause = cause;
    this.#onStop(cause);
  }

  /**
   * Counts an item that is omitted without its error being used. @returns false if the error is needed: then nothing is
   * counted.
   */
  passOver(index: number, errorOf: () => unknown): boolean {
    const { failed, total } = this.progress;
    if (!this.#settings.skips || failed + 1 > budgetOf(this.#settings.maxFailures, total)) return false;
    this.progress.failed = failed + 1;
    this.#last = { index, errorOf };
    return true;
  }

  /**
   * Counts a failed item, and asks for its effect.
   * @param ask the caller's handler.
   * @param replaces whether the handler may return a value.
   * @returns null if the item ends the run.
   */
  judge(index: number, error: unknown, ask: () => unknown, replaces: boolean): Instead | null {
    this.progress.failed += 1;
    this.#last = { index, errorOf: () => error };
    const { failed, total } = this.progress;
    const budget = budgetOf(this.#settings.maxFailures, total);
    let instead: Instead | null = null;
    this.guard(() => {
      const does = ask();
      if (isThenable(does)) throw answeredLater(does);
      const known = does === 'stop' || does === 'skip' || (replaces && hasValue(does));
      if (!known) {
        const answers = replaces ? "'stop', 'skip' or { value }" : "'stop' or 'skip'";
        throw new TypeError(`onError returned ${String(does)}; it must return ${answers}`);
      }
      if (does === 'stop') this.stop(() => failedItem(this.#name, index, error, this.progress));
      else if (failed > budget) this.stop(() => tooMany(this.#name, index, error, this.progress, budget));
      else instead = does;
    });
    return instead;
  }

  /** Runs a handler of the user; a handler that throws ends the run. */
  guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#handlerFailed(error);
      return undefined;
    }
  }

  /** Runs a handler whose answer does not count; a promise that it returns is not awaited, but may not reject. */
  tell(run: () => unknown): void {
    const answer = this.guard(run);
    if (!isThenable(answer)) return;
    void whenSettled(settled(answer), null, (error: unknown) => this.#handlerFailed(error));
  }

  #handlerFailed(error: unknown): void {
    this.stop(() => handlerFailed(this.#name, error, this.progress));
  }

  /** Checks a share of all items, which is possible only at the end if their number was not known before. */
  checkShare(total: number): void {
    const budget = budgetOf(this.#settings.maxFailures, total);
    const last = this.#last;
    if (last === null || this.progress.failed <= budget) return;
    const error = last.errorOf();
    this.stop(() => tooMany(this.#name, last.index, error, this.progress, budget));
  }
}

function hasValue(answer: unknown): answer is { readonly value: unknown } {
  return typeof answer === 'object' && answer !== null && 'value' in answer;
}
