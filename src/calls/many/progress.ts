/** How far a run over many items is, and how fast it goes. */
import { performance } from 'node:perf_hooks';
import type { ManyProgress } from '../../options/column-options.js';

/** ms between reports. */
const REPORT_MS = 100;
/** ms over which the rate is taken: it is to follow what the library does now. */
const WINDOW_MS = 5_000;
/** ms before a rate is told: the first items are slower than the rest. */
const FIRST_MS = 200;

interface Mark {
  readonly at: number;
  readonly over: number;
}

export class Progress {
  done = 0;
  failed = 0;
  total: number | undefined;
  readonly #startedAt = performance.now();
  readonly #report: ((progress: ManyProgress) => unknown) | undefined;
  #marks: Mark[] = [{ at: this.#startedAt, over: 0 }];
  #reportedAt = 0;

  constructor(total: number | undefined, report: ((progress: ManyProgress) => unknown) | undefined) {
    this.total = total;
    this.#report = report;
  }

  /** Something is over. Tells whoever wants to know, from time to time. @throws what the handler throws. */
  tell(last = false): void {
    if (this.#report === undefined) return;
    const now = performance.now();
    if (!last && now - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = now;
    this.#report(this.read());
  }

  read(): ManyProgress {
    const now = performance.now();
    const { done, failed, total } = this;
    const rate = this.#rate(now, done + failed);
    const left = total === undefined ? undefined : total - done - failed;
    return {
      done,
      failed,
      total,
      rate,
      elapsedMs: now - this.#startedAt,
      remainingMs: left === 0 ? 0 : left === undefined || rate === 0 ? undefined : (left / rate) * 1_000,
    };
  }

  #rate(now: number, over: number): number {
    const marks = this.#marks;
    const last = marks.at(-1) as Mark;
    if (now - last.at > REPORT_MS) marks.push({ at: now, over });
    while (marks.length > 2 && now - (marks[1] as Mark).at > WINDOW_MS) marks.shift();
    const first = marks[0] as Mark;
    return now - first.at < FIRST_MS ? 0 : ((over - first.over) / (now - first.at)) * 1_000;
  }
}
