/** What a stress run shows on stderr while it goes on. */
import type { Pool } from 'offthread';
import { Board, type BoardView } from '../board/board.js';
import { count } from '../console/format.js';
import { Screen } from '../console/screen.js';
import type { LimitStep } from './load/find-limit.js';
import type { TimelinePoint } from './load/load-types.js';
import { rate, time } from './text/figures.js';

type Shown = Omit<BoardView, 'lanes'>;

export class Progress {
  readonly #board: Board | null;
  #shown: Shown | undefined;
  #pool: Pool | undefined;

  constructor(quiet: boolean) {
    this.#board = quiet
      ? null
      : new Board(new Screen(process.stderr), () =>
          this.#shown === undefined ? undefined : { ...this.#shown, lanes: this.#pool?.activity() ?? [] },
        );
  }

  /** The lanes that are shown are those of this pool; undefined: none. */
  readonly pool = (pool: Pool | undefined): void => {
    this.#pool = pool;
  };

  /** @param part - of the time that is measured. */
  readonly tick = (point: TimelinePoint, part: number | undefined): void => {
    const { atMs, rate: perSecond, p50, p99, max, failed, dropped } = point;
    const slow = p99 === null ? `max ${time(max)}` : `p99 ${time(p99)}`;
    const parts = [
      `${(atMs / 1_000).toFixed(0)} s`,
      `${rate(perSecond)} calls/s`,
      `p50 ${time(p50)}`,
      slow,
      ...(failed > 0 ? [`${count(failed)} failed`] : []),
      ...(dropped > 0 ? [`${count(dropped)} dropped`] : []),
    ];
    this.#shown = { headline: parts.join(' · '), part, figure: { value: p99 ?? max ?? 0, text: slow } };
  };

  readonly step = (step: LimitStep): void => {
    const how = step.held ? 'held' : `broke ${step.broken.map(({ objective }) => objective).join(', ')}`;
    const headline = `${rate(step.rate)} calls/s · p50 ${time(step.p50)} · ${how}`;
    this.#shown = { headline, part: undefined, figure: { value: step.rate, text: 'calls/s' } };
  };

  /** @param total - rounds in all. */
  round(done: number, total: number): void {
    this.#shown = { headline: `round ${done} of ${total}`, part: done / total, figure: undefined };
  }

  /** What a check does. */
  readonly say = (step: string): void => {
    this.#shown = { headline: step, part: undefined, figure: undefined };
  };

  /** Takes the board away. */
  end(): void {
    this.#board?.end();
  }
}
