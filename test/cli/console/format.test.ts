import { expect } from 'chai';
import { amount, bar, count, duration, pad, plural, size, table } from '../../../src/cli/console/format.js';

describe('cli: numbers and tables', () => {
  it('writes numbers as people read them', () => {
    expect(count(1_234_567)).to.equal('1,234,567');
    expect([0.4, 12.34, 99.96, 251.4, 999.6, 1_250].map(duration)).to.deep.equal([
      '0.40 ms',
      '12.3 ms',
      '100 ms',
      '251 ms',
      '1.00 s',
      '1.25 s',
    ]);
    expect([640_000, 999_600, 1_600_000].map(size)).to.deep.equal(['640 kB', '1.0 MB', '1.6 MB']);
    expect([plural(1, 'lane'), plural(2, 'lane')]).to.deep.equal(['1 lane', '2 lanes']);
  });

  it('writes amounts with the digits that they have', () => {
    expect([80, 100, 8, 6.4, 0.069, 4_096, -0.001, 0].map(amount)).to.deep.equal([
      '80',
      '100',
      '8',
      '6.4',
      '0.07',
      '4,096',
      '0',
      '0',
    ]);
  });

  it('lines up columns, and does not count colours', () => {
    const red = '\u001B[31m7\u001B[39m';
    expect(pad(red, 3, 'left')).to.equal(`  ${red}`);
    expect(
      table(
        [
          ['', 'one', 'two'],
          ['took', red, '12'],
        ],
        1,
      ),
    ).to.deep.equal(['     one two', '────────────', `took   ${red}  12`]);
  });

  it('fills a bar, and never more than that', () => {
    expect([0, 0.5, 1, 7, -1].map((part) => bar(part, 4))).to.deep.equal([
      '░░░░',
      '██░░',
      '████',
      '████',
      '░░░░',
    ]);
  });
});
