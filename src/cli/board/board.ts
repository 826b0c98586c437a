/**
 * A live board: on a terminal a few lines that are drawn again and again, elsewhere a plain line now and then.
 *
 * Guarantees: the board's timer never keeps the process alive; after `end` nothing is drawn; what was drawn on a terminal
 * is taken away by `end`, so that what stays is only what somebody wrote as a line.
 */
import type { LaneActivity } from 'offthread';
import type { Screen } from '../console/screen.js';
import { bar } from '../console/format.js';
import { laneLines } from './lane-lines.js';
import { sparkline } from './sparkline.js';

/** What a board shows at a moment. */
export interface BoardView {
  /** How far it is, in one line. */
  readonly headline: string;
  /** Part of the work that is done, from 0 to 1; undefined while that is not known. */
  readonly part: number | undefined;
  /** The figure of which the history is drawn, and its text; undefined where there is none. */
  readonly figure: { readonly value: number; readonly text: string } | undefined;
  readonly lanes: readonly LaneActivity[];
}

const LIVE_MS = 250;
const PLAIN_MS = 5_000;
const BAR_WIDTH = 20;
/** Values that are kept: more than a line has room for. */
const KEPT = 200;

export class Board {
  readonly #screen: Screen;
  readonly #view: () => BoardView | undefined;
  readonly #history: number[] = [];
  readonly #timer: NodeJS.Timeout;

  /** @param view what to show now; undefined while there is nothing to show. */
  constructor(screen: Screen, view: () => BoardView | undefined) {
    this.#screen = screen;
    this.#view = view;
    this.#timer = setInterval(() => this.#draw(), screen.live ? LIVE_MS : PLAIN_MS).unref();
  }

  /** Takes the board away. */
  end(): void {
    clearInterval(this.#timer);
    this.#screen.still();
  }

  #draw(): void {
    const view = this.#view();
    if (view === undefined) return;
    if (this.#screen.live) this.#screen.move(...this.#lines(view));
    else this.#screen.line(view.headline);
  }

  #lines({ headline, part, figure, lanes }: BoardView): string[] {
    const { width } = this.#screen;
    return [
      headline.slice(0, width),
      ...(part === undefined ? [] : [`  ${bar(part, BAR_WIDTH)} ${Math.floor(part * 100)} %`]),
      ...(figure === undefined ? [] : [this.#historyOf(figure, width)]),
      ...laneLines(lanes, width, (tone, text) => this.#screen.paint(tone, text)),
    ];
  }

  #historyOf({ value, text }: NonNullable<BoardView['figure']>, width: number): string {
    this.#history.push(value);
    if (this.#history.length > KEPT) this.#history.shift();
    const label = ` ${text}`;
    const line = sparkline(this.#history, width - 2 - label.length);
    return `  ${this.#screen.paint('good', line)}${this.#screen.paint('dim', label)}`;
  }
}
