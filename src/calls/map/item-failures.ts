/**
 * What the failed items of a run are put up with: counted, left out, shown to
 * whoever asked for them, or the end of the run.
 *
 * Guarantee: a failed item is counted once, and its error is made only where
 * somebody is going to see it: it takes some 20 µs, and whole batches may fail.
 */
import { isThenable } from '../../supervisor/host-functions/thenable.js';
import type { EarlyEnd } from '../batches/early-end.js';
import { answeredLater, budgetOf, failedItem, handlerFailed, tooMany } from '../batches/run-errors.js';
import type { Progress } from '../batches/run-progress.js';

/** An item that is left out, or what is put in the place of its result. */
export type Instead = 'skip' | { readonly value: unknown };

export interface FailureSettings {
  /** Whether every failed item is left out, and nobody is asked. */
  readonly skips: boolean;
  /** Infinity: any number. Below 1: a share. */
  readonly maxFailures: number;
}

export class Failures {
  readonly #name: string;
  readonly #settings: FailureSettings;
  readonly #progress: Progress;
  readonly #early: EarlyEnd;
  #last: { readonly index: number; readonly errorOf: () => unknown } | null = null;

  constructor(name: string, settings: FailureSettings, progress: Progress, early: EarlyEnd) {
    this.#name = name;
    this.#settings = settings;
    this.#progress = progress;
    this.#early = early;
  }

  /** Counts an item that is left out without a look at its error. @returns false where that is to be seen: nothing is counted then. */
  passOver(index: number, errorOf: () => unknown): boolean {
    const { failed, total } = this.#progress;
    if (!this.#settings.skips || failed + 1 > budgetOf(this.#settings.maxFailures, total)) return false;
    this.#progress.failed = failed + 1;
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
    this.#progress.failed += 1;
    this.#last = { index, errorOf: () => error };
    const { failed, total } = this.#progress;
    const budget = budgetOf(this.#settings.maxFailures, total);
    let instead: Instead | null = null;
    this.guard(() => {
      const does = ask();
      if (isThenable(does)) throw answeredLater(does);
      const known = does === 'stop' || does === 'skip' || (replaces && hasValue(does));
      if (!known) {
        const answers = replaces ? "'stop', 'skip' or { value }" : "'stop' or 'skip'";
        throw new TypeError(`onError answered ${String(does)}; it has to answer ${answers}`);
      }
      if (does === 'stop') this.#early.set(() => failedItem(this.#name, index, error, this.#progress));
      else if (failed > budget)
        this.#early.set(() => tooMany(this.#name, index, error, this.#progress, budget));
      else instead = does;
    });
    return instead;
  }

  /** Runs a handler of the user's: one that throws ends the run. */
  guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.#early.set(() => handlerFailed(this.#name, error, this.#progress));
      return undefined;
    }
  }

  /** A share of all items can be told only in the end, where their number was not known before. */
  checkShare(total: number): void {
    const budget = budgetOf(this.#settings.maxFailures, total);
    const last = this.#last;
    if (last === null || this.#progress.failed <= budget) return;
    const error = last.errorOf();
    this.#early.set(() => tooMany(this.#name, last.index, error, this.#progress, budget));
  }
}

function hasValue(answer: unknown): answer is { readonly value: unknown } {
  return typeof answer === 'object' && answer !== null && 'value' in answer;
}
