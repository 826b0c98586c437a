/** Progress of a run for people: a moving line on a terminal, a line now and then elsewhere. */
import { count, duration, plural } from '../../console/format.js';
import type { Screen } from '../../console/screen.js';

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

const LIVE_MS = 100;
const PLAIN_MS = 10_000;
/** ms that the rate is measured over. */
const WINDOW_MS = 10_000;

export class BatchProgress {
  readonly #screen: Screen;
  readonly #counts: () => RunCounts;
  readonly #startedAt = performance.now();
  #dueAt: number;
  #marks: { readonly at: number; readonly ended: number }[] = [];

  constructor(screen: Screen, counts: () => RunCounts) {
    this.#screen = screen;
    this.#counts = counts;
    this.#dueAt = this.#startedAt + (screen.live ? LIVE_MS : PLAIN_MS);
    this.#marks.push({ at: this.#startedAt, ended: 0 });
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Tells how far the run is, when that is due. */
  tell(now: number): void {
    if (now < this.#dueAt) return;
    this.#dueAt = now + (this.#screen.live ? LIVE_MS : PLAIN_MS);
    const counts = this.#counts();
    this.#marks.push({ at: now, ended: counts.endedNow });
    while (this.#marks.length > 2 && now - (this.#marks[1]?.at ?? now) > WINDOW_MS) this.#marks.shift();
    const [first] = this.#marks;
    const rate =
      first === undefined || now === first.at
        ? 0
        : ((counts.endedNow - first.ended) * 1_000) / (now - first.at);
    const text = progressText(counts, rate);
    if (this.#screen.live) this.#screen.move(text);
    else this.#screen.line(text);
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

function timeLeft({ ended, read, readAll, bytes, totalBytes }: RunCounts, rate: number): string {
  if (!readAll && totalBytes === undefined) return 'time left unknown: the input has no known length';
  if (rate === 0 || bytes === 0) return 'time left not known yet';
  // Until the input has been read, the number of items is judged by the share of its bytes that has been read.
  const total = readAll ? read : (read * (totalBytes as number)) / bytes;
  return `${readAll ? '' : 'about '}${duration(Math.max(0, ((total - ended) / rate) * 1_000))} left`;
}
