import { expect } from 'chai';
import { interleave, ratios } from '../../benchmarks/harness/measure/rounds.js';
import { median, percentile, slope, summary } from '../../benchmarks/harness/measure/statistics.js';
import { figure, table, times } from '../../benchmarks/harness/report/table.js';

describe('benchmarks: figures', () => {
  it('finds medians, percentiles by the nearest rank, and slopes', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).to.deep.equal([2, 2.5]);
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.99, 1, 0].map((share) => percentile(hundred, share))).to.deep.equal([50, 99, 100, 1]);
    expect(percentile([], 0.5)).to.be.NaN;
    expect(summary([2, 9, 4])).to.deep.equal({ median: 4, least: 2, most: 9 });
    expect(slope([1, 2, 3].map((x) => [x, 10 * x + 5]))).to.be.closeTo(10, 1e-9);
  });

  it('measures in turns, and compares figures of the same round', async () => {
    const order: string[] = [];
    const measured = await interleave(['a', 'b'], 2, async (who, round) => {
      order.push(who);
      return round;
    });
    expect(order, 'each begins once').to.deep.equal(['a', 'b', 'b', 'a']);
    expect(measured).to.deep.equal([
      [0, 1],
      [0, 1],
    ]);
    expect(ratios([10, 30], [5, 10])).to.deep.equal([2, 3]);
  });

  it('writes them as people read them', () => {
    expect([0.012_34, 12.345, 1_234.5, NaN].map(figure)).to.deep.equal(['0.0123', '12.3', '1,235', 'NaN']);
    expect(times([2, 4, 3])).to.equal('3 times (2 to 4)');
    expect(
      table([
        { who: 'a', calls: 1_000 },
        { who: 'bcd', calls: 1 },
      ]),
    ).to.deep.equal(['  who  calls', '  ---  -----', '  a    1,000', '  bcd      1']);
  });
});
