/** B1, B2, M8: calls that hang in native code: asked, given `grace`, killed; the next one runs elsewhere. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  expectBalance,
  fullAgain,
  gone,
  lanesWith,
  onEvent,
  onEveryProcessLane,
  reached,
  type Told,
  words,
} from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { isAlive } from '../../helpers/processes.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);
/** ms that a rejection may come late, on a machine that is slow and busy: the requirement is 50 on one that is not. */
const LATE_MS = 1_500;

onEveryProcessLane('killing a lane that hangs (B2)', (ground) => {
  it('at its timeout, at once where nothing can ask it to stop', async () => {
    await withLanes(ground, { grace: 20_000 }, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      const told: Told[] = [];
      onEvent(pool, 'lane-lost', (event) => told.push(event));
      const entered = words();
      const call = lib.ot_hang_deaf.with({ timeout: 100 })(entered);
      const next = lib.ot_process_id();
      const error = await rejection(call, CallTimeoutError);
      expect(error).to.include({ symbol: 'ot_hang_deaf', call: call.id });
      expect(Atomics.load(entered, 0), 'it was in native code').to.equal(1);
      expect((await call.settled()).ranMs).to.be.within(99, 100 + LATE_MS);
      expect(await next, 'another lane answers').to.not.equal(pid);
      await gone([pid]);
      await fullAgain(pool, 1);
      expect(told).to.have.lengthOf(1);
      expect(told[0]?.lane).to.be.a('string');
      expect(pool.stats()).to.include({ lanesKilled: 1, lanesLost: 1, lanesCrashed: 0, timedOut: 1 });
      expectBalance(pool);
    });
  });

  slow('when it is cancelled, although it is deaf to SIGTERM', async () => {
    await withLanes(ground, { grace: 20_000 }, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      const entered = words();
      const call = lib.ot_hang_deaf(entered);
      await reached(entered);
      process.kill(pid, 'SIGTERM');
      const behind = Array.from({ length: 50 }, (_, i) => lib.ot_add(i, 1));
      await wait(50);
      expect(isAlive(pid), 'it really is deaf').to.equal(true);
      const start = performance.now();
      expect(call.cancel('enough')).to.equal(true);
      const error = await rejection(call, CallCancelledError);
      expect(performance.now() - start).to.be.below(LATE_MS);
      expect(error.cause).to.equal('enough');
      expect(await Promise.all(behind)).to.deep.equal(behind.map((_, i) => i + 1));
      await gone([pid]);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 1, lanesLost: 1, lanesCrashed: 0, cancelled: 1 });
    });
  });

  slow('after its grace, where it has a flag and ignores it', async () => {
    await withLanes(ground, { grace: 300 }, async (lib, pool) => {
      for (const way of ['cancel', 'timeout', 'signal'] as const) {
        const pid = await lib.ot_process_id();
        const [entered, controller] = [words(), new AbortController()];
        const fn = lib.ot_ignore_cancel.with({
          signal: controller.signal,
          ...(way === 'timeout' ? { timeout: 500 } : {}),
        });
        const call = fn(entered);
        await reached(entered);
        const start = performance.now();
        if (way === 'cancel') call.cancel();
        if (way === 'signal') controller.abort();
        await rejection(call, way === 'timeout' ? CallTimeoutError : CallCancelledError);
        const waited = performance.now() - start;
        expect(waited, `${way}: not before its grace`).to.be.at.least(way === 'timeout' ? 300 : 295);
        expect(waited).to.be.below(300 + (way === 'timeout' ? 500 : 0) + LATE_MS);
        await gone([pid]);
        expect(await lib.ot_add(1, 2)).to.equal(3);
      }
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 3, cancelled: 2, timedOut: 1, lanesCrashed: 0 });
    });
  });

  it('not where it obeys its flag: the same process goes on', async () => {
    await withLanes(ground, { grace: 15_000 }, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      for (let round = 0; round < 10; round++) {
        if (round % 2 === 0) {
          await rejection(lib.ot_spin_until_cancelled.with({ timeout: 30 })(20_000), CallTimeoutError);
        } else {
          const call = lib.ot_spin_until_cancelled(20_000);
          await until(() => call.state === 'running', 'the call to run');
          call.cancel();
          await rejection(call, CallCancelledError);
        }
        expect(await lib.ot_process_id()).to.equal(pid);
      }
      expect(pool.stats()).to.include({ lanesKilled: 0, lanesLost: 0 });
    });
  });

  slow('several at once, by cancelAll', async () => {
    await withLanes(ground, { lanes: 4, grace: 50 }, async (lib, pool) => {
      const entered = words();
      const calls = Array.from({ length: 4 }, () => lib.ot_hang_deaf(entered));
      await reached(entered, 4);
      pool.cancelAll();
      await Promise.all(calls.map((call) => rejection(call, CallCancelledError)));
      const sums = await Promise.all(Array.from({ length: 40 }, (_, i) => lib.ot_add(i, 1)));
      expect(sums).to.deep.equal(sums.map((_, i) => i + 1));
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 4, lanesLost: 4, lanesCrashed: 0, breaker: 'closed' });
    });
  });

  slow('by kills alone no breaker opens', async () => {
    await withLanes(ground, { maxDeaths: 1, deathWindow: 60_000 }, async (lib, pool) => {
      for (let round = 0; round < 4; round++) {
        await rejection(lib.ot_hang.with({ timeout: 20 })(), CallTimeoutError);
        expect(await lib.ot_add(round, 1)).to.equal(round + 1);
      }
      expect(pool.stats()).to.include({ lanesKilled: 4, breaker: 'closed' });
    });
  });

  slow('in a blocking call, at its timeout', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      let thrown: unknown;
      try {
        lib.ot_hang.with({ timeout: 50 }).blocking();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.be.instanceOf(CallTimeoutError);
      expect(lib.ot_add.blocking(1, 2), 'the next is answered').to.equal(3);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ lanesKilled: 1, timedOut: 1 });
    });
  });
});
