/** B2, M2: stopping one call never ends another, however close they come. */
import { expect } from 'chai';
import { CallCancelledError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  expectBalance,
  fullAgain,
  lanesWith,
  onBothLanes,
  onProcessLanes,
  reached,
  words,
} from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { randomFrom } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);

onBothLanes('stopping one call never ends another (B2, M2)', (ground) => {
  it('a cancel that races with the end of its call, and the calls that come next', async () => {
    await withLanes(ground, { lanes: 2, maxLostLanes: 1_000 }, async (lib, pool) => {
      const random = randomFrom(41);
      for (let round = 0; round < 150; round++) {
        const doomed = lib.ot_sleep_us(Math.floor(random() * 800));
        const ended = doomed.settled();
        const innocent = Array.from({ length: 4 }, (_, i) => lib.ot_add(round, i));
        const end = performance.now() + random();
        while (performance.now() < end) await turns(1);
        doomed.cancel();
        const after = Array.from({ length: 4 }, (_, i) => lib.ot_add(round, i));
        expect(await Promise.all(innocent)).to.deep.equal([0, 1, 2, 3].map((i) => round + i));
        expect(await Promise.all(after)).to.deep.equal([0, 1, 2, 3].map((i) => round + i));
        expect((await ended).status).to.be.oneOf(['succeeded', 'cancelled']);
      }
      await fullAgain(pool);
      expect(pool.stats()).to.include({ failed: 0, timedOut: 0, lanesCrashed: 0 });
      expectBalance(pool);
    });
  });

  it('timeouts of a few ms over calls of a few ms: each answer is its own call’s', async () => {
    await withLanes(ground, { lanes: 2, maxLostLanes: 1_000, maxQueue: 10_000 }, async (lib, pool) => {
      const random = randomFrom(7);
      const calls = Array.from({ length: 200 }, () => Math.floor(random() * 4_000)).map((us) => ({
        us,
        ended: lib.ot_sleep_us.with({ timeout: 2 })(us).settled(),
      }));
      for (const { us, ended } of calls) {
        const { status, value } = await ended;
        expect(status).to.be.oneOf(['succeeded', 'timed-out']);
        if (status === 'succeeded') expect(value).to.equal(us);
      }
      await fullAgain(pool);
      expect(pool.stats()).to.include({ submitted: 200, failed: 0, cancelled: 0, lanesCrashed: 0 });
      expectBalance(pool);
    });
  });
});

onProcessLanes('killing one lane leaves the others alone (B2)', (ground) => {
  slow('those that run beside it, and those that wait behind it', async () => {
    await withLanes(ground, { lanes: 3 }, async (lib, pool) => {
      for (let round = 0; round < 5; round++) {
        const [hung, entered, release] = [words(), words(), words()];
        const held = [1, 2].map(() => lib.ot_enter_and_wait(entered, release, 20_000));
        await reached(entered, 2);
        const doomed = lib.ot_hang_deaf(hung);
        await reached(hung);
        const behind = Array.from({ length: 20 }, (_, i) => lib.ot_add(i, round));
        doomed.cancel('enough');
        await rejection(doomed, CallCancelledError);
        expect(await Promise.all(behind)).to.deep.equal(behind.map((_, i) => i + round));
        expect(held.map(({ state }) => state)).to.deep.equal(['running', 'running']);
        Atomics.store(release, 0, 1);
        for (const waited of await Promise.all(held)) expect(waited).to.be.at.least(0);
      }
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 5, cancelled: 5, failed: 0, lanesCrashed: 0 });
      expectBalance(pool);
    });
  });

  it('a call cancelled twice, by its signal and by its timeout at once, kills one lane', async () => {
    await withLanes(ground, { lanes: 2 }, async (lib, pool) => {
      for (let round = 0; round < 5; round++) {
        const controller = new AbortController();
        const entered = words();
        const call = lib.ot_hang_deaf.with({ signal: controller.signal, timeout: 60_000 })(entered);
        await reached(entered);
        call.cancel();
        controller.abort();
        call.cancel();
        pool.cancelAll();
        await rejection(call, CallCancelledError);
        expect(await lib.ot_add(round, 1)).to.equal(round + 1);
      }
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 5, lanesLost: 5, cancelled: 5 });
      expectBalance(pool);
    });
  });
});
