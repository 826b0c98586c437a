/**
 * What goes wrong in a run: items that fail are counted, left out, shown to the
 * caller's handler, or end the run; and other things end it, too.
 *
 * Guarantees:
 * - The first cause that ends a run is the one that it fails with.
 * - A failed item is counted once, and its error is made only where somebody is
 *   going to see it: it takes some 20 µs, and whole batches may fail.
 */
import type { OffthreadError } from '../../errors.js';
import type { ManyProgress } from '../../options/column-options.js';
import { isThenable } from '../../supervisor/host-functions/thenable.js';
import { answeredLater, budgetOf, failedItem, handlerFailed, tooMany } from './run-errors.js';
import { Progress } from './run-progress.js';

/** What a run fails with: made when it is told, with the counts of that moment. */
export type Failure = () => OffthreadError;

/** An item that is left out, or what is put in the place of its result. */
export type Instead = 'skip' | { readonly value: unknown };

export interface FailureSettings {
  /** Whether every failed item is omitted, without calling a function. */
  readonly skips: boolean;
  /** Infinity: any number. Below 1: a share. */
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
   * @param total items, where that is known.
   * @param onStop told once: what is under way is to stop.
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

  /** What the run fails with; null while nothing has ended it early. */
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

  /** Counts an item that is left out without a look at its error. @returns false where that is to be seen: nothing is counted then. */
  passOver(index: number, errorOf: () => unknown): boolean {
    const { failed, total } = this.progress;
    if (!this.#settings.skips || failed + 1 > budgetOf(this.#settings.maxFailures, total)) return false;
    this.progress.failed = failed + 1;
    this.#last = { index, errorOf };
    return true;
  }

  /**
   * Counts an item, and asks what it does.
   * @param ask the caller's handler.
   * @param replaces whether it may answer with a value.
   * @returns null when the run has been ended.
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

  /** Runs a handler of the user's: one that throws ends the run. */
  guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#handlerFailed(error);
      return undefined;
    }
  }

  #handlerFailed(error: unknown): void {
    this.stop(() => handlerFailed(this.#name, error, this.progress));
  }

  /** A share of all items can be told only in the end, where their number was not known before. */
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
