/** B6, M10: which lane a call gets to when the first one has no room for its bytes. */
import { expect } from 'chai';
import { expectSettled, withLanes } from '../lab.js';

describe('assigning calls', () => {
  it('goes to another lane when the one at hand has no room for its bytes', async () => {
    await withLanes({ lanes: 2, preset: 'low-memory' }, async (lib, pool) => {
      const bytes = new Uint8Array(3_000).fill(1);
      // Known to be over before the host has made another: then one lane gets as many as it has room for.
      const many = Array.from({ length: 50 });
      for (let round = 0; round < 40; round += 1) await Promise.all(many.map(() => lib.add(1, 1)));
      for (let round = 0; round < 40; round += 1) await lib.sum(bytes, 0n);
      // A lane has room for five at most. In one tick, no result is taken.
      const calls = Array.from({ length: 8 }, () => lib.sum(bytes, 3_000n));
      expect(pool.stats()).to.include({ running: 2 });
      expect(await Promise.all(calls)).to.deep.equal(calls.map(() => 3_000n));
      expectSettled(pool, 2_048);
    });
  });
});
