/** What a stress run says on stderr while it goes on: a moving line on a terminal, a line now and then elsewhere. */
import { count } from '../console/format.js';
import { Screen } from '../console/screen.js';
import type { LimitStep } from './load/find-limit.js';
import type { TimelinePoint } from './load/load-types.js';
import { rate, time } from './text/figures.js';

/** ms between two lines that stay. */
const LINE_MS = 5_000;

export class Progress {
  readonly #screen: Screen | null;
  #lastLine = -Infinity;

  constructor(quiet: boolean) {
    this.#screen = quiet ? null : new Screen(process.stderr);
  }

  readonly tick = (point: TimelinePoint): void => {
    const { atMs, rate: perSecond, p50, p99, max, failed, dropped } = point;
    const parts = [
      `${(atMs / 1_000).toFixed(0)} s`,
      `${rate(perSecond)} calls/s`,
      `p50 ${time(p50)}`,
      p99 === null ? `max ${time(max)}` : `p99 ${time(p99)}`,
      ...(failed > 0 ? [`${count(failed)} failed`] : []),
      ...(dropped > 0 ? [`${count(dropped)} dropped`] : []),
    ];
    this.#show(parts.join(' · '));
  };

  readonly step = (step: LimitStep): void => {
    const how = step.held ? 'held' : `broke ${step.broken.map(({ objective }) => objective).join(', ')}`;
    this.#show(`${rate(step.rate)} calls/s · p50 ${time(step.p50)} · ${how}`);
  };

  /** @param total - rounds in all. */
  round(done: number, total: number): void {
    this.#show(`round ${done} of ${total}`);
  }

  /** What a check does. */
  readonly say = (step: string): void => this.#show(step);

  /** Takes the moving line away. */
  end(): void {
    this.#screen?.still();
  }

  #show(text: string): void {
    const screen = this.#screen;
    if (screen === null) return;
    if (screen.live) return screen.move(text);
    const now = performance.now();
    if (now - this.#lastLine < LINE_MS) return;
    this.#lastLine = now;
    screen.line(text);
  }
}
