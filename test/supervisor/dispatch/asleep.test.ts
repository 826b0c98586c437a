/** A lane falls asleep when it has been idle: calls made right then are neither lost nor late. */
import { expect } from 'chai';
import { expectSettled, inTime, withLanes } from '../lab.js';
import { slow } from '../../helpers/fast-run.js';
import { wait } from '../../helpers/waiting.js';

/** ms after which a lane that naps sleeps in its event loop. */
const NAP_MS = 2;

describe('calls around the moment at which a lane falls asleep (M2)', () => {
  for (const how of ['awaited', 'blocking'] as const) {
    slow(`are neither lost nor late: ${how}`, async () => {
      await withLanes({ lanes: 1, timeout: 2_000 }, async (lib, pool) => {
        const rounds = 40;
        let latest = 0;
        for (let round = 0; round < rounds; round += 1) {
          // From 2 ms before to 2 ms after; the last bit by spinning, to hit the moment and not a timer's.
          const at = performance.now() + NAP_MS - 2 + round / 10;
          await wait(0);
          while (performance.now() < at);
          const before = performance.now();
          const sum =
            how === 'awaited'
              ? await inTime(lib.add(round, 1), `round ${round}`)
              : lib.add.blocking(round, 1);
          expect(sum).to.equal(round + 1);
          latest = Math.max(latest, performance.now() - before);
        }
        expect(latest, 'the slowest, in ms').to.be.below(1_000);
        expectSettled(pool, rounds);
        expect(pool.stats()).to.include({ lanesCrashed: 0, lanesLost: 0 });
      });
    });
  }

  it('libraries opened right then are bound, and can be used', async () => {
    await withLanes({ lanes: 1 }, async (lib, pool) => {
      const { testlib } = await import('../../helpers/testlib.js');
      for (let round = 0; round < 20; round += 1) {
        await lib.add(1, 1);
        const at = performance.now() + NAP_MS - 1 + round / 10;
        await wait(0);
        while (performance.now() < at);
        const { sum } = await inTime(
          pool.open(
            testlib,
            { sum: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' } },
            { engine: 'koffi' },
          ),
          `opening ${round}`,
        );
        expect(await inTime(sum(round, 1), `round ${round}`)).to.equal(round + 1);
      }
    });
  });
});
