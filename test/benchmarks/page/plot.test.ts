import { expect } from 'chai';
import { labelOf, numberOf } from '../../../benchmarks/page/table-cells.js';
import { type BarPlot, type LinePlot, described, plotOf } from '../../../benchmarks/page/plot.js';
import { short } from '../../../benchmarks/page/figures.js';

const rates = {
  title: '64 in flight',
  rows: [
    { contestant: 'offthread (koffi)', 'calls/s': 2_000, least: 1_900, most: 2_100, 'x best peer': 15.56 },
    { contestant: 'piscina', 'calls/s': 100, least: 90, most: 110, 'x best peer': 1 },
  ],
};

describe('benchmarks: what is drawn of a table', () => {
  it('is nothing where nothing was said of drawing, as in old recordings', () => {
    expect(plotOf(rates)).to.equal(undefined);
  });

  it('is nothing where the column is not there, or holds no figure', () => {
    expect(plotOf({ ...rates, plot: { value: 'chunks/s' } })).to.equal(undefined);
    expect(plotOf({ ...rates, rows: [], plot: { value: 'calls/s' } })).to.equal(undefined);
    expect(plotOf({ ...rates, plot: { value: 'contestant' } })).to.equal(undefined);
    expect(plotOf({ ...rates, plot: { value: 'calls/s', kind: 'lines' } })).to.equal(undefined);
  });

  it('is a bar for each row, with spread and ratio where there are such', () => {
    const plot = plotOf({
      ...rates,
      plot: { value: 'calls/s', unit: 'calls/s', better: 'higher' },
    }) as BarPlot;
    expect(plot.bars).to.deep.equal([
      { label: 'offthread (koffi)', value: 2_000, spread: [1_900, 2_100], note: '× 15.6', ours: true },
      { label: 'piscina', value: 100, spread: [90, 110], note: '× 1', ours: false },
    ]);
    expect(plot.caption).to.equal(
      'calls/s · more is better · spread: least and most of the rounds · ×: times best peer',
    );
    expect(described(plot, short)).to.match(/offthread \(koffi\): 2,000; piscina: 100\.$/);
  });

  it('finds the spread by its usual names, or by those that are given', () => {
    const rows = [{ contestant: 'a', p50: 5, 'least p50': 4, 'most p50': 6, from: 3, to: 7 }];
    const spread = (plot: object): unknown =>
      (plotOf({ title: '', rows, plot: { value: 'p50', ...plot } }) as BarPlot).bars[0]?.spread;
    expect(spread({})).to.deep.equal([4, 6]);
    expect(spread({ spread: ['from', 'to'] })).to.deep.equal([3, 7]);
    expect(spread({ spread: ['no', 'such'] })).to.deep.equal([4, 6]);
    expect(spread({ spread: ['from', 'from'] }), 'one round has none').to.equal(undefined);
  });

  it('is a line for each row, over the columns that begin with a number', () => {
    const rows = [
      { contestant: 'offthread', '1 in flight': 10, '1,024 in flight': 30, note: 'x' },
      { contestant: 'piscina', '1 in flight': '1,200', '1,024 in flight': '', note: '' },
      { contestant: 'silent', '1 in flight': 'never', '1,024 in flight': '-', note: '' },
    ];
    const plot = plotOf({
      title: '',
      rows,
      plot: { value: 'calls/s', kind: 'lines', scale: 'log' },
    }) as LinePlot;
    expect(plot.along).to.equal('in flight');
    expect(plot.lines).to.deep.equal([
      {
        label: 'offthread',
        ours: true,
        points: [
          [1, 10],
          [1_024, 30],
        ],
      },
      { label: 'piscina', ours: false, points: [[1, 1_200]] },
    ]);
    expect(plot.caption).to.equal('calls/s · logarithmic scale');
  });

  it('names a row by its first words, and takes a table without offthread for all ours', () => {
    const rows = [
      { engine: 'koffi', 'from cancel() to': 'flag', p99: '36.5' },
      { engine: 'koffi', 'from cancel() to': 'rejection', p99: '' },
    ];
    expect(rows.map((row) => labelOf(row, rows))).to.deep.equal(['koffi, flag', 'koffi, rejection']);
    const plot = plotOf({ title: '', rows, plot: { value: 'p99' } }) as BarPlot;
    expect(plot.bars.map(({ label, ours }) => [label, ours])).to.deep.equal([['koffi, flag', true]]);
  });

  it('reads figures as people write them', () => {
    expect([7, '1,024', '-0.5', '98.7 %', '+3%', 'never'].map(numberOf)).to.deep.equal([
      7,
      1_024,
      -0.5,
      98.7,
      3,
      Infinity,
    ]);
    expect(['', '-', '30 of 30', 'koffi', undefined, null].map(numberOf).every(Number.isNaN)).to.equal(true);
  });
});
