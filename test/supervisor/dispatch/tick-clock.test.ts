/** B5: one reading of the clock for a few calls of a tick, and never one of another tick. */
import { expect } from 'chai';
import fc from 'fast-check';
import { TickClock } from '../../../src/supervisor/dispatch/tick-clock.js';

describe('the clock of a tick (B5)', () => {
  it('gives a reading again only in its tick, four times at most', () => {
    const step = fc.record({ work: fc.boolean(), next: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ticks = { tick: 0 };
        const clock = new TickClock(ticks);
        const seen = new Map<number, { tick: number; times: number }>();
        let last = 0;
        for (const { work, next } of steps) {
          const before = performance.now();
          const { at } = clock.read();
          const after = performance.now();
          expect(at).to.be.at.least(last).and.at.most(after);
          last = at;
          const known = seen.get(at);
          if (known === undefined) {
            expect(at, 'it was read now').to.be.at.least(before);
            seen.set(at, { tick: ticks.tick, times: 1 });
          } else if (at < before) {
            expect(known.tick).to.equal(ticks.tick);
            expect(ticks.tick % 2, 'the tick has an end').to.equal(1);
            known.times += 1;
            expect(known.times).to.be.at.most(4);
          }
          if (work) for (const end = performance.now() + 0.01; performance.now() < end; ) continue;
          ticks.tick += next;
        }
      }),
    );
  });

  it('learns from calls of one tick what a call costs, within bounds', () => {
    const ticks = { tick: 1 };
    const clock = new TickClock(ticks);
    const first = clock.callUs;
    for (let call = 0; call < 4_000; call++) {
      for (const end = performance.now() + 0.001; performance.now() < end; ) continue;
      clock.read();
    }
    const learnt = clock.callUs;
    // At least twice the µs that each took to be made.
    expect(learnt).to.be.above(1.9).and.at.most(4);
    expect(learnt).to.be.above(first);
    for (let call = 0; call < 4_000; call++) {
      ticks.tick += 2;
      clock.read();
    }
    expect(clock.callUs, 'ticks that have one call each say nothing').to.equal(learnt);
  });
});
