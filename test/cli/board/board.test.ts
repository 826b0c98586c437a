/** B12: the live board: what it draws on a terminal, and what elsewhere. */
import { type LaneActivity, createPool } from 'offthread';
import { progressBoard } from 'offthread/progress';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import { laneLines } from '../../../src/cli/board/lane-lines.js';
import { sparkline } from '../../../src/cli/board/sparkline.js';
import { longDuration } from '../../../src/cli/board/time-left.js';
import { testlib } from '../../helpers/testlib.js';

/** A stream that keeps what is written. */
class Paper {
  readonly isTTY: boolean;
  readonly columns = 60;
  text = '';
  readonly #seen: (text: string) => void;

  constructor(isTTY: boolean, seen: (text: string) => void = () => {}) {
    this.isTTY = isTTY;
    this.#seen = seen;
  }

  hasColors(): boolean {
    return true;
  }

  write(text: string): void {
    this.text += text;
    this.#seen(text);
  }

  /** What a terminal would show. */
  get screen(): string[] {
    const lines = [''];
    let at = 0;
    // oxlint-disable-next-line no-control-regex
    for (const [part] of this.text.matchAll(/\u001B\[\d*[A-Zm]|\r|\n|[^\u001B\r\n]+/g)) {
      if (part === '\n') at += 1;
      else if (part === '\u001B[1A') at -= 1;
      else if (part === '\u001B[2K') lines[at] = '';
      else if (part !== '\r' && !part.endsWith('m')) lines[at] = `${lines[at] ?? ''}${part}`;
      lines[at] ??= '';
    }
    return lines;
  }
}

const lane = (name: string, state: LaneActivity['state'], call?: LaneActivity['call']): LaneActivity => ({
  lane: name,
  state,
  pid: undefined,
  call,
});

describe('cli: the board', () => {
  it('shows items, history and lanes of a run, and leaves one line', async () => {
    const pool = createPool({ lanes: 2, name: 'board' });
    const lib = await pool.open(testlib, { ot_sleep_ms: 'int ot_sleep_ms(int ms)' });
    let drawn: () => void = () => {};
    const seen = new Promise<void>((resolve) => (drawn = resolve));
    const paper = new Paper(true, (text) => {
      if (text.includes('ot_sleep_ms') && text.includes('of 10,000')) drawn();
    });
    const board = progressBoard({ pool, title: 'naps', stream: paper });
    const ending = new AbortController();
    const run = pool.map(
      lib.ot_sleep_ms,
      Array.from({ length: 10_000 }, () => [1] as const),
      {
        onProgress: board.update,
        signal: ending.signal,
      },
    );
    const ended = run.toArray().catch(() => {});
    await seen;
    const live = paper.screen;
    expect(live[0]).to.match(/^naps: [\d,]+ of 10,000 · [\d,]+\/s/);
    expect(live.join('\n'))
      .to.match(/░ \d+ %/)
      .and.match(/[▁▂▃▄▅▆▇█].*\/s/)
      .and.match(/● board-\d .*ot_sleep_ms for/);
    expect(live.every((line) => stripVTControlCharacters(line).length <= 60)).to.equal(true);
    ending.abort();
    await ended;
    board.end();
    board.end();
    const left = paper.screen.filter((line) => line !== '');
    expect(left).to.have.length(1);
    expect(left[0]).to.match(/^naps: [\d,]+ items? in /);
    await pool.close();
  });

  it('draws nothing when it is quiet, and nothing before there is progress', () => {
    for (const options of [{ quiet: true }, {}]) {
      const paper = new Paper(false);
      const board = progressBoard({ stream: paper, ...options });
      if ('quiet' in options)
        board.update({ done: 1, failed: 0, total: 1, rate: 1, elapsedMs: 1, remainingMs: 0 });
      board.end();
      expect(paper.text).to.equal('');
    }
  });

  it('writes plain lines where there is no terminal', () => {
    const paper = new Paper(false);
    {
      using board = progressBoard({ stream: paper });
      board.update({
        done: 5,
        failed: 2,
        total: undefined,
        rate: 3.4,
        elapsedMs: 2_000,
        remainingMs: undefined,
      });
    }
    expect(paper.text).to.equal('items: 7 items in 2.00 s, 4/s, 2 failed\n');
  });

  it('shows few lanes by name and many as marks', () => {
    const plain = (_tone: string, text: string): string => text;
    const call = { id: 1, symbol: 'crc32', ranMs: 12.3 };
    const few = laneLines(
      [lane('a-1', 'busy', call), lane('a-2', 'idle'), lane('a-3', 'lost', call)],
      60,
      plain,
    );
    expect(few).to.deep.equal([
      '  ● a-1            crc32 for 12.3 ms',
      '  ○ a-2            idle',
      '  ✗ a-3            lost in crc32 for 12.3 ms',
    ]);
    const many = Array.from({ length: 20 }, (_, index) =>
      index < 15 ? lane(`a-${index}`, 'busy', { ...call, ranMs: index }) : lane(`a-${index}`, 'idle'),
    );
    expect(laneLines(many, 60, plain)).to.deep.equal([
      '  ●●●●●●●●●●●●●●●○○○○○',
      '  20 lanes: 15 busy, 5 idle; longest: a-14 crc32 for 14.0 ms',
    ]);
  });

  it('draws a history from 0 to its greatest value', () => {
    expect(sparkline([0, 1, 2, 4, 8], 10)).to.equal('▁▂▃▅█');
    expect(sparkline([0, 0], 10)).to.equal('▁▁');
    expect(sparkline([1, 2, 3], 2)).to.equal('▆█');
    expect([sparkline([1], 0), sparkline([], 5)]).to.deep.equal(['', '']);
  });

  it('tells long times as people do', () => {
    const texts = [0, 42_000, 240_000, 7_500_000, 273_600_000].map(longDuration);
    expect(texts).to.deep.equal(['0 s', '42 s', '4 min', '2 h 5 min', '3 d 4 h']);
  });
});
