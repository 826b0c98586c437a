/** How far a run is, for the board. */
import type { BoardView } from '../../board/board.js';
import { longDuration } from '../../board/time-left.js';
import { count, plural } from '../../console/format.js';

/** What a run knows of itself. */
export interface RunCounts {
  /** Items that have ended, in this run and earlier ones. */
  readonly ended: number;
  readonly failed: number;
  readonly retried: number;
  /** Items that have ended in this run. */
  readonly endedNow: number;
  /** Items that have been read, with those of earlier runs. */
  readonly read: number;
  /** Whether the input has been read to its end. */
  readonly readAll: boolean;
  readonly bytes: number;
  /** Undefined if the length of the input is not known. */
  readonly totalBytes: number | undefined;
}

/** ms that the rate is measured over. */
const WINDOW_MS = 10_000;

export class BatchProgress {
  readonly #counts: () => RunCounts;
  readonly #startedAt = performance.now();
  readonly #marks: { readonly at: number; readonly ended: number }[] = [];

  constructor(counts: () => RunCounts) {
    this.#counts = counts;
    this.#marks.push({ at: this.#startedAt, ended: 0 });
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** How far the run is. The rate is that since earlier looks of the last seconds. */
  view(now: number): Omit<BoardView, 'lanes'> {
    const counts = this.#counts();
    this.#marks.push({ at: now, ended: counts.endedNow });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) > WINDOW_MS) this.#marks.shift();
    const [first] = this.#marks;
    const rate =
      first === undefined || now === first.at
        ? 0
        : ((counts.endedNow - first.ended) * 1_000) / (now - first.at);
    const total = totalOf(counts);
    return {
      headline: progressText(counts, rate),
      part: total === undefined || total === 0 ? undefined : Math.min(1, counts.ended / total),
      figure: { value: rate, text: `${count(rate)}/s` },
    };
  }
}

/** @param rate items a second. */
function progressText(counts: RunCounts, rate: number): string {
  const { ended, failed, retried } = counts;
  const parts = [plural(ended, 'item'), `${count(rate)}/s`];
  if (failed > 0) parts.push(`${count(failed)} failed`);
  if (retried > 0) parts.push(`${count(retried)} tried again`);
  parts.push(timeLeft(counts, rate));
  return parts.join(' · ');
}

function timeLeft(counts: RunCounts, rate: number): string {
  if (!counts.readAll && counts.totalBytes === undefined)
    return 'time left unknown: the input has no known length';
  const total = totalOf(counts);
  if (rate === 0 || total === undefined) return 'time left not known yet';
  const ms = Math.max(0, ((total - counts.ended) / rate) * 1_000);
  return `${counts.readAll ? '' : 'about '}${longDuration(ms)} left`;
}

/** Until the input has been read, the number of items is judged by the share of its bytes that has been read. */
function totalOf({ read, readAll, bytes, totalBytes }: RunCounts): number | undefined {
  if (readAll) return read;
  return totalBytes === undefined || bytes === 0 ? undefined : (read * totalBytes) / bytes;
}
