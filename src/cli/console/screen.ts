/**
 * What the commands write on: colours and a moving line on a terminal, plain
 * lines everywhere else. The one place of the library that prints.
 */

/** Colours and emphasis, by what they mean. */
export type Tone = 'good' | 'bad' | 'dim' | 'strong';

const CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  bad: [31, 39],
  dim: [2, 22],
  strong: [1, 22],
};

/** A stream that may be a terminal. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Of terminals only. Minds NO_COLOR and TERM=dumb. */
  hasColors?(): boolean;
  write(text: string): unknown;
}

export class Screen {
  /** Whether a line can be written over. */
  readonly live: boolean;
  readonly width: number;
  readonly #output: Output;
  readonly #colours: boolean;
  /** Lines that can be written over. */
  #moving = 0;

  constructor(output: Output = process.stdout) {
    this.#output = output;
    this.#colours = output.isTTY === true && output.hasColors?.() === true;
    this.live = output.isTTY === true && process.env['TERM'] !== 'dumb';
    this.width = Math.min(output.columns ?? 80, 100);
  }

  /** The text in a tone; as it is where there are no colours. */
  paint(tone: Tone, text: string): string {
    if (!this.#colours) return text;
    const [on, off] = CODES[tone];
    return `\u001B[${on}m${text}\u001B[${off}m`;
  }

  /** Writes a line that stays. */
  line(text = ''): void {
    this.#output.write(`${this.#erase()}${text}\n`);
  }

  /** Writes lines that the next ones replace; none may be wider than the screen. Nothing where that is not possible. */
  move(...lines: readonly string[]): void {
    if (!this.live) return;
    this.#output.write(`${this.#erase()}${lines.join('\n')}`);
    this.#moving = lines.length;
  }

  /** Takes the moving line away. */
  still(): void {
    this.#output.write(this.#erase());
  }

  #erase(): string {
    if (this.#moving === 0) return '';
    const above = '\u001B[1A\u001B[2K'.repeat(this.#moving - 1);
    this.#moving = 0;
    return `\r\u001B[2K${above}`;
  }
}
