/** M35: how many items travel together. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Pace } from '../../../src/calls/batches/batch-size.js';

describe('the pace of a run (M35)', () => {
  it('sends one item first, then batches of some ms, whatever an item takes', () => {
    for (const us of [0.05, 1, 40, 700, 20_000]) {
      const pace = new Pace();
      expect(pace.size(1e7, 2, 30_000)).to.equal(1);
      for (let round = 0; round < 40; round++) {
        const items = pace.size(1e7, 2, 30_000);
        pace.measure(items, (items * us) / 1_000);
      }
      const ms = (pace.size(1e7, 2, 1e6) * us) / 1_000;
      expect(ms, `${us} µs`).to.be.at.most(Math.max(4.001, us / 1_000));
      expect(ms, `${us} µs`).to.be.above(1.9);
    }
  });

  it('never sends none, nor more than is left or fits, and leaves a share for everybody at the end', () => {
    const step = fc.record({
      left: fc.integer({ min: 1, max: 100_000 }),
      takers: fc.integer({ min: 1, max: 64 }),
      capacity: fc.integer({ min: 1, max: 50_000 }),
      us: fc.double({ min: 0, max: 100_000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const pace = new Pace();
        let fastest = Infinity;
        for (const { left, takers, capacity, us } of steps) {
          const size = pace.size(left, takers, capacity);
          expect(size).to.be.within(1, Math.min(capacity, left));
          // Less than half a ms is not worth sharing.
          if (size > Math.ceil(left / (2 * takers))) expect((size * fastest) / 1_000).to.be.at.most(0.5);
          fastest = Math.min(fastest, Math.max(us, 1 / size));
          pace.measure(size, (size * us) / 1_000);
        }
      }),
    );
  });

  it('sends longer batches while nobody else waits', () => {
    const pace = new Pace();
    for (let round = 0; round < 40; round++)
      pace.measure(pace.size(1e7, 2, 1e6), pace.size(1e7, 2, 1e6) / 1_000);
    expect(pace.size(1e7, 2, 1e6)).to.be.closeTo(4_000, 1);
    expect(pace.size(1e7, 2, 1e6, true)).to.be.closeTo(12_000, 1);
    expect(pace.size(1e7, 2, 5_000, true)).to.equal(5_000);
  });

  it('is not put off by one batch that was held up', () => {
    const pace = new Pace();
    for (let round = 0; round < 40; round++) pace.measure(pace.size(1e7, 2, 30_000), 0.001);
    const before = pace.size(1e7, 2, 30_000);
    pace.measure(before, 400);
    pace.measure(pace.size(1e7, 2, 30_000), 0.001);
    expect(pace.size(1e7, 2, 30_000)).to.equal(before);
  });
});
