/** B2: a host that blocks, and whose lanes die: its event loop does nothing for it meanwhile. */
import { expect } from 'chai';
import { CallTimeoutError, LaneCrashedError } from 'offthread';
import { thrown } from '../../helpers/contract.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { expectBalance, lanesWith, onProcessLanes } from '../../helpers/faults.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';

const withLanes = lanesWith(testlib, FAULTS);

onProcessLanes('blocking calls whose lanes die (B2)', (ground) => {
  for (const spares of [0, 1]) {
    slow(`are answered after kills and deaths, one after the other, with ${spares} spares`, async () => {
      await withLanes(ground, { lanes: 1, spares, maxDeaths: Infinity, timeout: 200 }, async (lib, pool) => {
        thrown(() => lib.ot_hang.blocking(), CallTimeoutError);
        thrown(() => lib.ot_die.blocking(SEGV), LaneCrashedError);
        thrown(() => lib.ot_die.blocking(SEGV), LaneCrashedError);
        expect(lib.ot_add.blocking(1, 2)).to.equal(3);
        thrown(() => lib.ot_hang.blocking(), CallTimeoutError);
        expect(lib.ot_add.blocking(2, 2)).to.equal(4);
        expect(await lib.ot_add(3, 2)).to.equal(5);
        expectBalance(pool);
      });
    });
  }

  it('are run again as often as they ask for, whatever the back-off between', async () => {
    await withLanes(ground, { lanes: 1, spares: 0, maxDeaths: Infinity }, async (lib) => {
      const error = thrown(() => lib.ot_die.with({ attempts: 3 }).blocking(SEGV), LaneCrashedError);
      expect(error.attempts).to.equal(3);
      expect(lib.ot_add.blocking(1, 2)).to.equal(3);
    });
  });
});
