/** B2, M27: the short soak. The long one is `node scripts/soak.mjs`. */
import { expect } from 'chai';
import { onProcessLanes } from '../../helpers/faults.js';
import { soak } from './soak.js';
import { slow } from '../../helpers/fast-run.js';

onProcessLanes('the soak (B2, M27)', ({ engine }) => {
  slow(
    '10,000 calls, a crash, a hang or a kill every two hundred: each ends once, and nothing is left',
    async function () {
      this.timeout(90_000);
      const { problems, ends, acts, killed, stats, opened } = await soak({
        calls: 10_000,
        seed: 20,
        engine,
        every: 200,
      });
      expect(problems).to.deep.equal([]);
      expect(ends.succeeded + ends.failed + ends.cancelled + ends['timed-out']).to.equal(10_000 + opened);
      expect(opened, 'libraries opened meanwhile').to.be.greaterThan(10);
      expect(acts['crash'], 'it did crash').to.be.greaterThan(5);
      expect((acts['hang'] ?? 0) + (acts['hang, deaf to its flag'] ?? 0), 'and hang').to.be.greaterThan(2);
      expect(stats.lanesCrashed).to.be.at.least(acts['crash'] ?? 0);
      expect(stats.lanesKilled).to.be.greaterThan(2);
      expect(killed).to.be.at.least(0);
    },
  );
});
