import { expect } from 'chai';
import fc from 'fast-check';
import { drawBars } from '../../../benchmarks/page/bars.js';
import { colour } from '../../../benchmarks/page/chart.js';
import { drawLines } from '../../../benchmarks/page/lines.js';
import type { BarPlot, LinePlot } from '../../../benchmarks/page/plot.js';
import { checkWellFormed, collisions, cut, wordsOf } from './svg-reader.js';

const bar = { spread: undefined, note: '', ours: false };
const bars: BarPlot = {
  kind: 'bars',
  title: 'Small calls <1 & 2>',
  caption: 'calls/s · more is better',
  scale: 'linear',
  bars: [
    {
      ...bar,
      label: 'offthread "koffi"',
      value: 1_983_842,
      spread: [1_923_943, 2_086_700],
      ours: true,
      note: '× 15.6',
    },
    { ...bar, label: 'tinypool & others', value: 124_565, spread: [117_161, 138_828], note: '× 1' },
    { ...bar, label: 'one that never comes', value: Infinity },
  ],
};
const lines: LinePlot = {
  kind: 'lines',
  title: 'Memory',
  caption: 'MB · less is better',
  scale: 'linear',
  along: 'lanes',
  lines: [
    {
      label: 'offthread',
      ours: true,
      points: [
        [1, 45],
        [2, 60],
        [8, 119],
      ],
    },
    {
      label: 'piscina',
      ours: false,
      points: [
        [1, 34],
        [2, 43],
        [8, 118],
      ],
    },
    {
      label: 'tinypool',
      ours: false,
      points: [
        [1, 32],
        [8, 118],
      ],
    },
  ],
};

const magnitude = fc
  .tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -4, max: 9 }))
  .map(([digits, power]) => digits * 10 ** power);
const name = fc
  .array(
    fc.constantFrom('offthread', 'piscina', 'atomics', 'disabled', '(koffi)', '32', 'a', 'worker,', '<&>'),
    {
      minLength: 1,
      maxLength: 9,
    },
  )
  .map((words) => words.join(' '));
const scale = fc.constantFrom('log' as const, 'linear' as const);

function expectReadable(svg: string): void {
  checkWellFormed(svg);
  expect(cut(svg)).to.deep.equal([]);
  expect(collisions(wordsOf(svg))).to.deep.equal([]);
}

describe('benchmarks: drawings', () => {
  for (const scale of ['linear', 'log'] as const) {
    it(`draws bars on a ${scale} scale: a name, a mark and a figure for each`, () => {
      const svg = drawBars({ ...bars, scale });
      expectReadable(svg);
      const words = wordsOf(svg).map(({ text }) => text.trim());
      const names = ['offthread "koffi"', 'tinypool & others', 'one that never comes'];
      expect(words).to.include.members([...names, '1.98 M', '× 15.6', '125 k', '× 1', 'never']);
      expect(svg).to.contain('<title id="title">Small calls &lt;1 &amp; 2&gt;</title>');
      expect(svg).to.match(/<desc id="desc">[^<]*offthread &quot;koffi&quot;: 1\.98 M; tinypool/);
    });
  }

  it('draws bars of a length in proportion, and ours in a colour of its own', () => {
    const svg = drawBars({ ...bars, bars: bars.bars.slice(0, 2) });
    const marks = [...svg.matchAll(/<path d="M[\d.]+ [\d.]+l([\d.]+) 0[^"]*" fill="([^"]*)"/g)];
    expect(marks.map(([, , fill]) => fill)).to.deep.equal([colour('ours'), colour('peer')]);
    const [first = NaN, second = NaN] = marks.map(([, width]) => Number(width));
    expect(first / second).to.be.closeTo(1_983_842 / 124_565, 0.1);
  });

  it('draws points on a logarithmic scale, and the spread behind them', () => {
    const svg = drawBars({ ...bars, scale: 'log' });
    const points = [...svg.matchAll(/<path d="M1 0A1 1[^>]*>/g)];
    const bands = [...svg.matchAll(/<path [^>]*stroke-width="6"[^>]*>/g)];
    expect(points).to.have.length(3);
    expect(bands).to.have.length(2);
    expect(bands.at(-1)?.index).to.be.lessThan(points[0]?.index ?? 0);
  });

  it('draws lines with a name at the end of each, those that end together apart', () => {
    const svg = drawLines(lines);
    expectReadable(svg);
    const words = wordsOf(svg).map(({ text }) => text);
    expect(words).to.include.members([
      'offthread  119',
      'piscina  118',
      'tinypool  118',
      '1',
      '2',
      '8',
      'lanes',
    ]);
    expect(svg).to.contain('piscina: 34 at 1, 43 at 2, 118 at 8');
  });

  it('can be read in the dark: every colour has another one there', () => {
    for (const svg of [drawBars(bars), drawBars({ ...bars, scale: 'log' }), drawLines(lines)]) {
      const [, dark = ''] = /<style>@media \(prefers-color-scheme:dark\)\{(.*)\}<\/style>/.exec(svg) ?? [];
      const seen = svg.replaceAll(/<(style|clipPath).*?<\/\1>/gs, '');
      const used = new Set([...seen.matchAll(/ (?:fill|stroke)="([^"]*)"/g)].map(([, used]) => used));
      used.delete('none');
      expect([...used].filter((light) => !dark.includes(`[fill="${light}"]{fill:#`))).to.deep.equal([]);
      expect(used.size).to.be.greaterThan(4);
    }
  });

  it('is the same whatever was drawn before', () => {
    expect([drawLines(lines), drawBars(bars), drawLines(lines)]).to.deep.equal([
      drawLines(lines),
      drawBars(bars),
      drawLines(lines),
    ]);
  });

  it('cuts no word and lays none on another, whatever the names and figures of bars', () => {
    const anyBar = fc.record({
      label: name,
      value: magnitude,
      spread: fc.option(fc.tuple(magnitude, magnitude), { nil: undefined }),
      note: fc.constantFrom('', '× 15.6'),
      ours: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyBar, { minLength: 1, maxLength: 20 }), scale, name, (some, scale, title) => {
        expectReadable(drawBars({ ...bars, bars: some, scale, title: `${title} ${title} ${title}` }));
      }),
      { numRuns: 60 },
    );
  });

  it('cuts no word and lays none on another, whatever the names and figures of lines', () => {
    const point = fc.tuple(fc.constantFrom(1, 2, 4, 8, 64, 1_024, 16_384), magnitude);
    const anyLine = fc.record({
      label: name.map((words) => words.slice(0, 40)),
      ours: fc.boolean(),
      points: fc.array(point, { minLength: 1, maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 16 }), scale, name, (some, scale, title) => {
        expectReadable(drawLines({ ...lines, lines: some, scale, title: `${title} ${title} ${title}` }));
      }),
      { numRuns: 60 },
    );
  });
});
