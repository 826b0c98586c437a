/** M27: counts. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Counters } from '../../src/observe/counters.js';

describe('Counters (M27)', () => {
  it('pending is what was submitted and has not ended', () => {
    const ending = fc.constantFrom(
      'succeeded' as const,
      'failed' as const,
      'cancelled' as const,
      'timed-out' as const,
    );
    fc.assert(
      fc.property(fc.array(ending), fc.nat(10), (endings, still) => {
        const counters = new Counters();
        counters.submitted = endings.length + still;
        counters.refused = 5;
        for (const one of endings) counters.end(one);
        expect(counters.pending).to.equal(still);
      }),
    );
  });
});
