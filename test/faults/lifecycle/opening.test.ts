/** B2: opening a library while lanes are at other things, and die of them. */
import { expect } from 'chai';
import { CallTimeoutError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import {
  environment,
  FAULTLIB,
  faultlib,
  fullAgain,
  lanesWith,
  onProcessLanes,
} from '../../helpers/faults.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);

onProcessLanes('opening a library (B2)', (ground) => {
  for (const how of ['dies', 'is killed'] as const) {
    it(`goes on in another lane when the one that was asked ${how}, of another call`, async () => {
      await withLanes(ground, { lanes: 1, spares: 0, grace: 50, maxDeaths: Infinity }, async (lib, pool) => {
        const pid = await lib.ot_process_id();
        const call = lib.ot_sleep_ms.with({ timeout: how === 'dies' ? 20_000 : 200 })(10_000);
        const ended = how === 'dies' ? call.settled() : rejection(call, CallTimeoutError);
        await until(() => call.state === 'running', 'the call to run');
        const opening = pool.open(testlib, { ot_add: FAULTS.ot_add }, { engine: ground.engine });
        if (how === 'dies') process.kill(pid, 'SIGSEGV');
        await ended;
        expect(await (await opening).ot_add(1, 2)).to.equal(3);
      });
    });
  }

  slow(
    'waits for another lane when the one that became ready is recycled while this thread blocks',
    async () => {
      await withLanes(ground, { lanes: 1, spares: 0, recycleAfter: 1 }, async (lib, pool) => {
        expect(lib.ot_add.blocking(1, 2)).to.equal(3);
        const opening = pool.open(testlib, { ot_add: FAULTS.ot_add }, { engine: ground.engine });
        // It waits for the lane that starts, which answers one call before anybody hears that it is ready.
        for (let job = 0; job < 10; job++) await Promise.resolve();
        expect(lib.ot_add.blocking(3, 4)).to.equal(7);
        expect(await (await opening).ot_add(5, 6)).to.equal(11);
      });
    },
  );

  slow('that takes long holds up one lane, and no call', async () => {
    const env = environment({ OFF_FAULT: 'hang' });
    await withLanes(ground, { lanes: 2, env }, async (lib, pool) => {
      await fullAgain(pool, 1);
      const opening = pool.open(faultlib, FAULTLIB, { engine: ground.engine });
      opening.catch(() => {});
      for (let round = 0; round < 20; round++) {
        // Two at once: the second waits for the lane that is free.
        expect(await Promise.all([lib.ot_add(round, 1), lib.ot_sleep_ms(5)])).to.deep.equal([round + 1, 5]);
      }
      await pool.destroy();
    });
  });
});
