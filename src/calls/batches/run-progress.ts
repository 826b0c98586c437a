/** The progress and the rate of a run over many items. */
import { performance } from '../../builtins.js';
import { whenSettled } from '../../promises.js';
import type { ManyProgress } from '../../options/column-options.js';
import { isThenable, settled } from '../../supervisor/host-functions/thenable.js';

/** ms between reports. */
const REPORT_MS = 100;
/** ms over which the rate is measured, so that it follows the current speed. */
const WINDOW_MS = 5_000;
/** ms before a rate is reported: the first items are slower than the rest. */
const FIRST_MS = 200;

interface Mark {
  readonly at: number;
  readonly over: number;
}

export class Progress {
  done = 0;
  failed = 0;
  total: number | undefined;
  readonly #report: ((progress: ManyProgress) => unknown) | undefined;
  readonly #reportFailed: (error: unknown) => void;
  readonly #clock: () => number;
  #startedAt: number | null = null;
  #endedAt: number | null = null;
  #marks: Mark[] = [];
  #reportedAt = 0;

  /**
   * @param reportFailed called when a promise that the handler returned rejects: the promise is not awaited.
   * @param clock the time in ms.
   */
  constructor(
    total: number | undefined,
    report: ((progress: ManyProgress) => unknown) | undefined,
    reportFailed: (error: unknown) => void,
    clock: () => number = performance.now,
  ) {
    this.total = total;
    this.#report = report;
    this.#reportFailed = reportFailed;
    this.#clock = clock;
  }

  /** Starts the clock. */
  begin(): void {
    this.#startedAt = this.#clock();
    this.#marks = [{ at: this.#startedAt, over: this.done + this.failed }];
  }

  end(): void {
    this.#endedAt ??= this.#clock();
  }

  /** An item or a batch has ended: calls the progress handler if a report is due. @throws the error of the handler. */
  tell(last = false): void {
    if (this.#report === undefined) return;
    const now = this.#clock();
    if (!last && now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    const answer = this.#report(this.read());
    if (isThenable(answer)) void whenSettled(settled(answer), null, this.#reportFailed);
  }

  read(): ManyProgress {
    const now = this.#endedAt ?? this.#clock();
    const { done, failed } = this;
    // The total that the source provided may be wrong.
    if (this.total !== undefined && this.total < done + failed) this.total = undefined;
    const { total } = this;
    const rate = this.#rate(now, done + failed);
    const left = total === undefined ? undefined : total - done - failed;
    return {
      done,
      failed,
      total,
      rate,
      elapsedMs: this.#startedAt === null ? 0 : now - this.#startedAt,
      remainingMs: left === 0 ? 0 : left === undefined || rate === 0 ? undefined : (left / rate) * 1_000,
    };
  }

  #rate(now: number, over: number): number {
    const marks = this.#marks;
    const last = marks.at(-1);
    if (last === undefined) return 0;
    if (now - last.at > REPORT_MS) marks.push({ at: now, over });
    while (marks.length > 2 && now - (marks[1] as Mark).at > WINDOW_MS) marks.shift();
    const first = marks[0] as Mark;
    return now - first.at < FIRST_MS ? 0 : ((over - first.over) / (now - first.at)) * 1_000;
  }
}
