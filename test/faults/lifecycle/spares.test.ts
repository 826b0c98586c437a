/** B2: a spare that is ready hides the start of a replacement. */
import { expect } from 'chai';
import { CallCancelledError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  crash,
  expectBalance,
  FAULTLIB,
  faultlib,
  fullAgain,
  lanesWith,
  onBothLanes,
  onProcessLanes,
  reached,
  watchChildren,
  words,
} from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);

onProcessLanes('spares (B2)', (ground) => {
  slow('the next answer after a crash comes from a process that was ready before', async () => {
    const born = watchChildren();
    await withLanes(ground, { maxDeaths: Infinity }, async (lib, pool) => {
      for (let round = 0; round < 5; round++) {
        await fullAgain(pool, 1);
        const ready = born();
        const dead = await lib.ot_process_id();
        expect(ready).to.include(dead);
        const doomed = crash(lib.ot_die(SEGV));
        const next = await lib.ot_process_id();
        expect(next).to.not.equal(dead);
        expect(ready, 'it had been started before the crash').to.include(next);
        await doomed;
      }
      expectBalance(pool);
    });
  });

  slow('and after a kill', async () => {
    const born = watchChildren();
    await withLanes(ground, { lanes: 2, spares: 2 }, async (lib, pool) => {
      await fullAgain(pool, 2);
      const ready = born();
      expect(ready).to.have.lengthOf(4);
      const entered = words();
      const calls = [lib.ot_hang_deaf(entered), lib.ot_hang_deaf(entered)];
      await reached(entered, 2);
      const after = [lib.ot_process_id(), lib.ot_process_id()];
      for (const call of calls) call.cancel();
      await Promise.all(calls.map((call) => rejection(call, CallCancelledError)));
      for (const pid of await Promise.all(after)) expect(ready).to.include(pid);
      await fullAgain(pool, 2);
      expect(pool.stats().lanesKilled).to.equal(2);
    });
  });

  slow('as many as asked for: three deaths at once, three that were ready', async () => {
    const born = watchChildren();
    await withLanes(ground, { lanes: 3, spares: 3 }, async (lib, pool) => {
      await fullAgain(pool, 3);
      const ready = born();
      const [entered, how, gathered, release] = [words(), words(), words(), words()];
      const doomed = [1, 2, 3].map(() => lib.ot_die_when(entered, how, 20_000));
      await reached(entered, 3);
      const held = [1, 2, 3].map(() => lib.ot_enter_and_wait(gathered, release, 20_000));
      const errors = Promise.all(doomed.map(crash));
      Atomics.store(how, 0, SEGV);
      const dead = (await errors).map(({ pid }) => pid);
      await reached(gathered, 3);
      const now = born().filter((pid) => ready.includes(pid) && !dead.includes(pid));
      expect(now, 'the three that are left have them all').to.have.lengthOf(3);
      Atomics.store(release, 0, 1);
      await Promise.all(held);
      await fullAgain(pool, 3);
    });
  });

  it('know the libraries that were opened before they were needed', async () => {
    const born = watchChildren();
    await withLanes(ground, {}, async (lib, pool) => {
      await fullAgain(pool, 1);
      const late = await pool.open(faultlib, FAULTLIB, { engine: ground.engine });
      await fullAgain(pool, 1);
      const ready = born();
      await crash(lib.ot_die(SEGV));
      const pid = await late.of_process_id();
      expect(ready).to.include(pid);
      expect(await Promise.all([late.of_add(1, 2), lib.ot_add(3, 4), lib.ot_process_id()])).to.deep.equal([
        3,
        7,
        pid,
      ]);
    });
  });

  slow('run no calls, and count as no lanes', async () => {
    const born = watchChildren();
    await withLanes(ground, { lanes: 2, spares: 2 }, async (lib, pool) => {
      await fullAgain(pool, 2);
      const [entered, release] = [words(), words()];
      const held = [1, 2, 3].map(() => lib.ot_enter_and_wait(entered, release, 20_000));
      await reached(entered, 2);
      expect(pool.stats().lanes).to.include({ total: 2, idle: 0, busy: 2, spare: 2, lost: 0 });
      expect(pool.stats()).to.include({ running: 2, queued: 1 });
      expect(born()).to.have.lengthOf(4);
      expect(Atomics.load(entered, 0)).to.equal(2);
      Atomics.store(release, 0, 1);
      await Promise.all(held);
    });
  });

  slow('none, where none is asked for: a death is replaced all the same', async () => {
    const born = watchChildren();
    await withLanes(ground, { lanes: 2, spares: 0, maxDeaths: Infinity }, async (lib, pool) => {
      await fullAgain(pool, 0);
      expect(born()).to.have.lengthOf(2);
      for (let round = 0; round < 3; round++) {
        const [entered, how] = [words(), words()];
        const doomed = [1, 2].map(() => lib.ot_die_when(entered, how, 20_000));
        await reached(entered, 2);
        const before = born();
        const errors = Promise.all(doomed.map(crash));
        Atomics.store(how, 0, SEGV);
        await errors;
        expect(before, 'a new one').to.not.include(await lib.ot_process_id());
        await fullAgain(pool, 0);
      }
      await until(() => born().length === 2, 'two children again');
    });
  });
});

onBothLanes('spares of threads and processes (B2)', (ground) => {
  it('step in for a lane that is given up', async () => {
    await withLanes(ground, { spares: 1, grace: 10 }, async (lib, pool) => {
      await fullAgain(pool, 1);
      const [entered, release] = [words(), words()];
      const hung = lib.ot_enter_and_wait(entered, release, 20_000);
      await reached(entered);
      hung.cancel();
      await rejection(hung, CallCancelledError);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      Atomics.store(release, 0, 1);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });
});
