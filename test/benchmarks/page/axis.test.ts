import { expect } from 'chai';
import fc from 'fast-check';
import { figureAxis, logarithmic } from '../../../benchmarks/page/axis.js';
import { short } from '../../../benchmarks/page/figures.js';

describe('benchmarks: axes', () => {
  it('spreads a logarithmic one between the round figures around', () => {
    expect(logarithmic([19_657, 2_086_700])).to.deep.equal({
      min: 10_000,
      max: 5_000_000,
      ticks: [10_000, 100_000, 1_000_000],
    });
    expect(logarithmic([36.5, 192])).to.deep.equal({ min: 20, max: 200, ticks: [20, 50, 100, 200] });
    expect(logarithmic([0.3]).ticks).to.deep.equal([0.2, 0.5]);
    expect(logarithmic([7, Infinity, 0, -3])).to.deep.equal({ min: 5, max: 10, ticks: [5, 10] });
  });

  it('is there when nothing is measured, or nothing but zeros', () => {
    for (const { min, max, ticks } of [logarithmic([]), logarithmic([0])]) {
      expect(min).to.be.lessThan(max);
      expect(ticks.length).to.be.greaterThan(1);
    }
  });

  it('has every figure on it, and at least two ticks', () => {
    const some = fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(some, (values) => {
        const { min, max, ticks } = logarithmic(values);
        expect(ticks.length).to.be.within(2, 16);
        expect(min).to.be.at.most(Math.min(...values));
        expect(max).to.be.at.least(Math.max(...values));
        expect(ticks.every((tick) => tick >= min && tick <= max)).to.equal(true);
      }),
    );
  });

  it('draws what never came at the end, and what is not above 0 at the foot of a logarithmic one', () => {
    expect([0, -3, 7, Infinity].map(figureAxis('log', [2, 50]).at)).to.deep.equal([2, 2, 7, 50]);
    expect(figureAxis('linear', [2, 50]).at(Infinity)).to.be.greaterThan(50);
    expect([-3, 0, 7].map(figureAxis('linear', [-3, 50]).at)).to.deep.equal([-3, 0, 7]);
  });

  it('writes figures short', () => {
    expect([1_983_842, 999_600, 124_565, 9_994, 10_000, 7_951.2, 99.96, 0.4151].map(short)).to.deep.equal([
      '1.98 M',
      '1 M',
      '125 k',
      '9,994',
      '10 k',
      '7,951',
      '100',
      '0.415',
    ]);
    expect([Infinity, NaN, 2.5e9].map(short)).to.deep.equal(['never', '-', '2.5 G']);
  });
});
