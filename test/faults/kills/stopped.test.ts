/** B2, M2, M28: a process that is stopped (SIGSTOP) answers nothing and does not die: neither calls nor close wait for it for ever. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  expectBalance,
  fullAgain,
  gone,
  lanesWith,
  leavingNoChild,
  newPool,
  onEvent,
  onProcessLanes,
  reached,
  watchChildren,
  words,
} from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { GUARD_MS, until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);

onProcessLanes('a lane that is stopped (B2, M28)', (ground) => {
  slow('in a call that looks at its flag: it is killed after its grace', async () => {
    await withLanes(ground, { grace: 200 }, async (lib, pool) => {
      for (const way of ['timeout', 'cancel'] as const) {
        const pid = await lib.ot_process_id();
        const call = lib.ot_spin_until_cancelled.with({ timeout: way === 'timeout' ? 300 : 60_000 })(60_000);
        await until(() => call.state === 'running', 'the call to run');
        process.kill(pid, 'SIGSTOP');
        if (way === 'cancel') call.cancel();
        await rejection(call, way === 'cancel' ? CallCancelledError : CallTimeoutError);
        await gone([pid]);
        expect(await lib.ot_add(1, 2)).to.equal(3);
      }
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 2, cancelled: 1, timedOut: 1 });
      expectBalance(pool);
    });
  });

  it('in a call, and let go on as it is killed: what it still says reaches nobody', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      for (let round = 0; round < 5; round++) {
        const pid = await lib.ot_process_id();
        const [entered, release] = [words(), words()];
        const call = lib.ot_enter_and_wait(entered, release, 60_000);
        await reached(entered);
        process.kill(pid, 'SIGSTOP');
        Atomics.store(release, 0, 1);
        const ended = call.settled();
        call.cancel();
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // It has been killed already.
        }
        expect((await ended).status).to.equal('cancelled');
        expect(await Promise.all([lib.ot_add(round, 1), lib.ot_add(round, 2)])).to.deep.equal([
          round + 1,
          round + 2,
        ]);
      }
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('between calls: the next calls are answered by another lane, and none is lost', async () => {
    await withLanes(ground, { lanes: 1 }, async (lib, pool) => {
      await fullAgain(pool, 1);
      const pid = await lib.ot_process_id();
      const crashed = new Promise((resolve) => onEvent(pool, 'lane-crashed', ({ error }) => resolve(error)));
      process.kill(pid, 'SIGSTOP');
      const dropped = lib.ot_add(0, 0).settled();
      const sums = Promise.all([1, 2, 3].map((i) => lib.ot_add(i, 1)));
      const reported = pool.laneReports();
      expect(await sums).to.deep.equal([2, 3, 4]);
      expect((await dropped).status).to.equal('succeeded');
      expect(await crashed).to.include({ phase: 'idle', pid });
      expect(await crashed).to.match(/stopped from outside/);
      expect(await reported).to.be.an('array');
      await gone([pid]);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesCrashed: 1, failed: 0 });
      expectBalance(pool);
    });
  });

  slow(
    'between calls: it does not hold up a library that is opened, nor calls that are cancelled',
    async () => {
      await withLanes(ground, { lanes: 1 }, async (lib, pool) => {
        await fullAgain(pool, 1);
        process.kill(await lib.ot_process_id(), 'SIGSTOP');
        const cancelled = lib.ot_add(1, 2);
        cancelled.cancel();
        await rejection(cancelled, CallCancelledError);
        const again = await pool
          .open(testlib, FAULTS, { engine: ground.engine })
          .catch((error: unknown) => error);
        // Whether it meets the lane before or after its end: it is told, and does not wait for ever.
        if (again instanceof Error) expect(again).to.match(/stopped from outside/);
        expect(await lib.ot_add(1, 2)).to.equal(3);
        await fullAgain(pool, 1);
        expectBalance(pool);
      });
    },
  );

  slow('between calls: close and destroy do not wait for it for ever', async () => {
    for (const end of ['close', 'destroy'] as const) {
      await leavingNoChild(async () => {
        const born = watchChildren();
        const pool = newPool({ isolation: 'process', lanes: 2, grace: 100 });
        const lib = await pool.open(testlib, FAULTS, { engine: ground.engine });
        await lib.ot_add(1, 2);
        await fullAgain(pool, 1);
        for (const pid of born()) process.kill(pid, 'SIGSTOP');
        const start = performance.now();
        await (end === 'close' ? pool.close({ timeout: 500 }) : pool.destroy());
        expect(performance.now() - start).to.be.below(GUARD_MS / 2);
      });
    }
  });
});
