/** `offthread/progress`: a live board for the runs of a program. */
import type { ManyProgress, Pool } from 'offthread';
import { count, duration, plural } from '../console/format.js';
import { type Output, Screen } from '../console/screen.js';
import { Board } from './board.js';
import { longDuration } from './time-left.js';

/** Options of {@link progressBoard}. */
export interface ProgressBoardOptions {
  /** The pool that runs the items: the board shows what its lanes do. Without it, only the items are shown. */
  readonly pool?: Pool;
  /** What the run is about; the first word of the board. Default: `items`. */
  readonly title?: string;
  /** Where it is drawn. On a terminal, lines that are drawn again and again; elsewhere a line every 5 s. Default: stderr. */
  readonly stream?: Output;
  /** Draws nothing. Default: false. */
  readonly quiet?: boolean;
}

/** A live board, as made by {@link progressBoard}. */
export interface ProgressBoard extends Disposable {
  /** Takes the progress of a run: pass it as `onProgress` of `map` or `mapColumns`. */
  readonly update: (progress: ManyProgress) => void;
  /** Takes the board away and writes one last line. Leaving the scope of `using` does the same. Idempotent. */
  end(): void;
}

/**
 * Shows how far a run over many items is: items, rate and its history, failures, the time left, and what each lane does.
 * The board never keeps the process alive.
 *
 * ```ts
 * using board = progressBoard({ pool, title: 'checksums' });
 * await pool.map(crc32, items, { onProgress: board.update }).toArray();
 * ```
 */
export function progressBoard(options: ProgressBoardOptions = {}): ProgressBoard {
  const { pool, title = 'items', stream = process.stderr, quiet = false } = options;
  let progress: ManyProgress | undefined;
  if (quiet)
    return boardOf(
      () => {},
      () => {},
    );
  const screen = new Screen(stream);
  const board = new Board(screen, () =>
    progress === undefined
      ? undefined
      : {
          headline: headline(title, progress),
          part: partOf(progress),
          figure: { value: progress.rate, text: `${count(progress.rate)}/s` },
          lanes: pool?.activity() ?? [],
        },
  );
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    board.end();
    if (progress !== undefined) screen.line(summary(title, progress));
  };
  return boardOf((now) => {
    progress = now;
  }, end);
}

function boardOf(update: (progress: ManyProgress) => void, end: () => void): ProgressBoard {
  return { update, end, [Symbol.dispose]: end };
}

function partOf({ done, failed, total }: ManyProgress): number | undefined {
  return total === undefined || total === 0 ? undefined : (done + failed) / total;
}

function headline(title: string, { done, failed, total, rate, remainingMs }: ManyProgress): string {
  const items = total === undefined ? count(done + failed) : `${count(done + failed)} of ${count(total)}`;
  const parts = [`${title}: ${items}`, `${count(rate)}/s`];
  if (failed > 0) parts.push(`${count(failed)} failed`);
  if (remainingMs !== undefined) parts.push(`${longDuration(remainingMs)} left`);
  return parts.join(' · ');
}

function summary(title: string, { done, failed, elapsedMs }: ManyProgress): string {
  const all = done + failed;
  const time = elapsedMs < 90_000 ? duration(elapsedMs) : longDuration(elapsedMs);
  const rate = elapsedMs > 0 ? `, ${count((all * 1_000) / elapsedMs)}/s` : '';
  return `${title}: ${plural(all, 'item')} in ${time}${rate}${failed > 0 ? `, ${count(failed)} failed` : ''}`;
}
