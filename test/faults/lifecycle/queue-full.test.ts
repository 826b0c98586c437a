/** M26, M27, B2: a full queue, and lanes that die or hang: nobody waits for ever, and no room is lost. */
import { expect } from 'chai';
import { CallTimeoutError, QueueFullError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  crash,
  expectBalance,
  fullAgain,
  lanesWith,
  onBothLanes,
  onProcessLanes,
  reached,
  words,
} from '../../helpers/faults.js';
import { bySignal, FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';

const withLanes = lanesWith(testlib, FAULTS);

onProcessLanes('a full queue, and a lane that dies (M26, M27)', (ground) => {
  slow('refuses while it is full, answers what it took, and takes calls again', async () => {
    await withLanes(ground, { maxQueue: 2, maxDeaths: Infinity }, async (lib, pool) => {
      for (let round = 0; round < 4; round++) {
        const [entered, how] = [words(), words()];
        const doomed = lib.ot_die_when(entered, how, 20_000);
        await reached(entered);
        const queued = [lib.ot_add(round, 1), lib.ot_add(round, 2)];
        await rejection(lib.ot_add(round, 3), QueueFullError);
        expect(pool.stats()).to.include({ queued: 2, running: 1 });
        Atomics.store(how, 0, SEGV);
        await crash(doomed);
        expect(await Promise.all(queued)).to.deep.equal([round + 1, round + 2]);
        expect(await lib.ot_add(round, 4)).to.equal(round + 4);
      }
      await fullAgain(pool);
      expect(pool.stats()).to.include({ refused: 4, failed: 4, succeeded: 12, submitted: 16 });
      expectBalance(pool);
    });
  });

  slow('is answered although every call in it kills its lane', async () => {
    await withLanes(ground, { lanes: 2, maxQueue: 3, maxDeaths: Infinity }, async (lib, pool) => {
      const calls = Array.from({ length: 20 }, (_, i) =>
        lib.ot_die(i % 2 === 0 ? SEGV : bySignal('SIGABRT')),
      );
      const records = await Promise.all(calls.map((call) => call.settled()));
      const kinds = records.map(({ kind }) => kind);
      const refused = kinds.filter((kind) => kind === 'queue-full').length;
      expect(kinds.filter((kind) => kind === 'crash').length + refused).to.equal(20);
      expect(refused).to.be.within(1, 17);
      await fullAgain(pool);
      expect(pool.stats()).to.include({ refused, failed: 20 - refused, lanesCrashed: 20 - refused });
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expectBalance(pool);
    });
  });

  slow('makes callers wait, and answers all of them, through several deaths', async () => {
    await withLanes(
      ground,
      { lanes: 2, maxQueue: 1, whenFull: 'wait', maxDeaths: Infinity },
      async (lib, pool) => {
        const [entered, how] = [words(), words()];
        const doomed = [lib.ot_die_when(entered, how, 20_000), lib.ot_die_when(entered, how, 20_000)];
        await reached(entered, 2);
        const calls = Array.from({ length: 100 }, (_, i) =>
          i % 25 === 24 ? lib.ot_die(SEGV).settled() : lib.ot_add(i, 1).settled(),
        );
        expect(pool.stats()).to.include({ queued: 1, waiting: 99 });
        Atomics.store(how, 0, bySignal('SIGKILL'));
        await Promise.all(doomed.map(crash));
        const records = await Promise.all(calls);
        for (const [i, { kind, value }] of records.entries()) {
          if (i % 25 === 24) expect(kind).to.equal('crash');
          else expect(value).to.equal(i + 1);
        }
        await fullAgain(pool);
        expect(pool.stats()).to.include({ refused: 0, failed: 6, succeeded: 96 });
        expectBalance(pool);
      },
    );
  });

  it('with no queue at all: what runs is answered or fails, the rest is refused', async () => {
    await withLanes(ground, { lanes: 2, maxQueue: 0, maxDeaths: Infinity }, async (lib, pool) => {
      await fullAgain(pool, 1);
      const [entered, how] = [words(), words()];
      const doomed = [lib.ot_die_when(entered, how, 20_000), lib.ot_die_when(entered, how, 20_000)];
      await reached(entered, 2);
      await rejection(lib.ot_add(1, 1), QueueFullError);
      Atomics.store(how, 0, SEGV);
      await Promise.all(doomed.map(crash));
      await fullAgain(pool, 1);
      expect(await lib.ot_add(2, 2)).to.equal(4);
      expectBalance(pool);
    });
  });
});

onBothLanes('a full queue, and a lane that hangs (M26, M27)', (ground) => {
  it('goes on with what waits, once the hung call has been given up', async () => {
    await withLanes(ground, { maxQueue: 2, whenFull: 'wait', grace: 20 }, async (lib, pool) => {
      const [entered, release] = [words(), words()];
      const hung = lib.ot_enter_and_wait.with({ timeout: 100 })(entered, release, 30_000);
      await reached(entered);
      const calls = Array.from({ length: 50 }, (_, i) => lib.ot_add(i, 1));
      expect(pool.stats()).to.include({ queued: 2, waiting: 48 });
      await rejection(hung, CallTimeoutError);
      expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i + 1));
      expect(pool.stats()).to.include({ timedOut: 1, succeeded: 50, lanesLost: 1 });
      Atomics.store(release, 0, 1);
      await fullAgain(pool);
      expectBalance(pool);
    });
  });

  it('gives the room of calls that were cancelled while it hung to others', async () => {
    await withLanes(ground, { maxQueue: 5, grace: 20 }, async (lib, pool) => {
      const [entered, release] = [words(), words()];
      const hung = lib.ot_enter_and_wait(entered, release, 30_000);
      await reached(entered);
      for (let round = 0; round < 20; round++) {
        const calls = Array.from({ length: 5 }, () => lib.ot_add(1, 1));
        const records = Promise.all(calls.map((call) => call.settled()));
        for (const call of calls) call.cancel();
        for (const { status } of await records) expect(status).to.equal('cancelled');
      }
      const ended = hung.settled();
      hung.cancel();
      expect((await ended).status).to.equal('cancelled');
      expect(await Promise.all([1, 2, 3].map((i) => lib.ot_add(i, 1)))).to.deep.equal([2, 3, 4]);
      expect(pool.stats()).to.include({ cancelled: 101, refused: 0, succeeded: 3 });
      Atomics.store(release, 0, 1);
      await fullAgain(pool);
      expectBalance(pool);
    });
  });
});
