/** M10: distributions of durations. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Durations } from '../../src/observe/durations.js';

describe('Durations', () => {
  it('is all zeros before the first', () => {
    expect(new Durations().distribution()).to.deep.equal({
      count: 0,
      min: 0,
      mean: 0,
      p50: 0,
      p90: 0,
      p99: 0,
      max: 0,
    });
  });

  it('agrees with the sorted list to three figures', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-6, max: 1e8, noNaN: true }), { minLength: 1 }), (values) => {
        const durations = new Durations();
        for (const ms of values) durations.record(ms);
        const sorted = values.toSorted((one, other) => one - other);
        const at = (share: number, below = 0): number =>
          sorted[Math.max(0, Math.ceil(sorted.length * share) - 1 - below)] as number;
        const found = durations.distribution();
        expect(found.count).to.equal(values.length);
        const near = (value: number, expected: number, what: string): void => {
          expect(value, what).to.be.closeTo(expected, expected * 0.005 + 2e-6);
        };
        near(found.min, at(0), 'min');
        // The rank is rounded, up or down.
        for (const [value, share] of [
          [found.p50, 0.5],
          [found.p90, 0.9],
          [found.p99, 0.99],
        ] as const) {
          expect(value).to.be.within(at(share, 1) * 0.995 - 2e-6, at(share) * 1.005 + 2e-6);
        }
        near(found.max, at(1), 'max');
        near(found.mean, values.reduce((sum, ms) => sum + ms, 0) / values.length, 'mean');
      }),
      { numRuns: 100 },
    );
  });

  it('takes anything: what is no positive number counts as the least, what is too long as the longest', () => {
    const durations = new Durations();
    for (const ms of [NaN, -1, -Infinity, 0, -0, 1e-12]) durations.record(ms);
    expect(durations.distribution()).to.include({ count: 6, max: 1e-6 });
    durations.record(Infinity);
    durations.record(Number.MAX_VALUE);
    const { count, max } = durations.distribution();
    expect(count).to.equal(8);
    expect(max).to.be.closeTo(1e8, 1e6);
  });
});
