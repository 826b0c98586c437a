import { expect } from 'chai';
import fc from 'fast-check';
import { apart } from '../../../benchmarks/page/apart.js';
import { textWidth, wrapped } from '../../../benchmarks/page/letters.js';
import { linear, logarithmic, short } from '../../../benchmarks/page/scale.js';

describe('benchmarks: scales', () => {
  it('begins a linear scale at 0, and ends it at a round figure', () => {
    const { at, ticks } = linear([12, 84.7]);
    expect(ticks).to.deep.equal([0, 20, 40, 60, 80, 100]);
    expect([0, 50, 100, 200, -1].map(at)).to.deep.equal([0, 0.5, 1, 1, 0]);
    expect(linear([0.3]).ticks).to.deep.equal([0, 0.1, 0.2, 0.3]);
    expect(linear([-13, 20]).ticks[0]).to.be.at.most(-13);
  });

  it('is there when nothing is measured, or nothing but zeros', () => {
    for (const scale of [linear([]), linear([0]), logarithmic([]), logarithmic([0])]) {
      expect(scale.ticks.length).to.be.greaterThan(1);
      expect(scale.at(0)).to.equal(0);
    }
  });

  it('spreads a logarithmic scale between the round figures around', () => {
    const wide = logarithmic([19_657, 2_086_700]);
    expect(wide.ticks).to.deep.equal([10_000, 100_000, 1_000_000]);
    expect(wide.at(10_000)).to.be.closeTo(0, 1e-9);
    expect(wide.at(5_000_000)).to.be.closeTo(1, 1e-9);
    expect([0, -3, Infinity].map(wide.at)).to.deep.equal([0, 0, 1]);
    expect(logarithmic([36.5, 192]).ticks).to.deep.equal([20, 50, 100, 200]);
    expect(logarithmic([7]).ticks).to.deep.equal([5, 10]);
  });

  it('has every figure on it, and at least two ticks', () => {
    const some = fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(some, (values) => {
        for (const scale of [linear(values), logarithmic(values)]) {
          expect(scale.ticks.length).to.be.within(2, 16);
          const most = Math.max(...values);
          const places = [...values].sort((one, other) => one - other).map(scale.at);
          expect(places).to.deep.equal([...places].sort((one, other) => one - other));
          expect(scale.at(most * 100)).to.equal(1);
        }
      }),
    );
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

describe('benchmarks: words', () => {
  it('are as wide as their letters, and wider when bold', () => {
    expect(textWidth('mmm', 12)).to.be.greaterThan(textWidth('iii', 12));
    expect(textWidth('mmm', 24)).to.be.closeTo(2 * textWidth('mmm', 12), 1e-9);
    expect(textWidth('mmm', 12, true)).to.be.greaterThan(textWidth('mmm', 12));
  });

  it('are broken where they are too wide, and nowhere lost', () => {
    const text = 'postMessage + Atomics.wait, async function that awaits';
    const lines = wrapped(text, 13, 200);
    expect(lines.join(' ')).to.equal(text);
    expect(lines.length).to.be.greaterThan(1);
    expect(lines.every((line) => textWidth(line, 13) <= 200)).to.equal(true);
    expect(wrapped(text, 13, 2_000)).to.deep.equal([text]);
  });

  it('stand apart, in their order, and where they wish when there is room', () => {
    expect(apart([10, 50, 90], 17, 0, 100)).to.deep.equal([10, 50, 90]);
    expect(apart([50, 50], 20, 0, 100)).to.deep.equal([40, 60]);
    expect(apart([100, 98, 99], 20, 0, 100)).to.deep.equal([100, 60, 80]);
    expect(apart([0, 1], 20, 0, 100)).to.deep.equal([0, 20]);
    expect(apart([], 20, 0, 100)).to.deep.equal([]);
  });
});
