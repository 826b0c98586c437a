/** M2, B2: a lane that was killed, or died, never settles a later call: generations keep them apart. */
import { expect } from 'chai';
import { callback } from 'offthread';
import {
  expectBalance,
  fullAgain,
  lanesWith,
  onBothLanes,
  onProcessLanes,
  reached,
  watchChildren,
  words,
} from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { Held, NUMBER, randomFrom } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, {
  ...FAULTS,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_id_u64: { arguments: ['u64'], return: 'u64' },
});

onBothLanes('late replies (M2)', (ground) => {
  slow('of calls that were given up as they ended: the next ones have answers of their own', async () => {
    await withLanes(ground, { lanes: 2, grace: 1, maxLostLanes: 1_000 }, async (lib, pool) => {
      const random = randomFrom(11);
      for (let round = 0; round < 60; round++) {
        const [entered, release] = [words(), words()];
        const held = lib.ot_enter_and_wait(entered, release, 20_000).settled();
        const late = lib.ot_sleep_us
          .with({ timeout: 3 })(Math.floor(2_000 + random() * 9_000))
          .settled();
        await reached(entered);
        Atomics.store(release, 0, 1);
        const base = BigInt(round) << 20n;
        const ids = await Promise.all(Array.from({ length: 10 }, (_, i) => lib.ot_id_u64(base + BigInt(i))));
        expect(ids).to.deep.equal(ids.map((_, i) => base + BigInt(i)));
        expect((await held).status).to.equal('succeeded');
        expect((await late).status).to.be.oneOf(['succeeded', 'timed-out']);
      }
      await fullAgain(pool);
      expectBalance(pool);
    });
  });

  it('of a host function for a call that is over: nobody hears them', async () => {
    await withLanes(ground, { lanes: 1, grace: 10_000, hostTimeout: 30 }, async (lib, pool) => {
      for (let round = 0; round < 10; round++) {
        const [late, held] = [new Held(), new Held()];
        const first = await lib.ot_call_callback(late.ask, 1).settled();
        expect(first.status).to.equal('timed-out');
        const second = lib.ot_call_callback.with({ hostTimeout: 10_000 })(held.ask, 1);
        await held.waiting();
        late.answer(666);
        held.answer(round);
        expect(await second).to.equal(round);
      }
      await fullAgain(pool);
      expectBalance(pool);
    });
  });
});

onProcessLanes('late replies of processes that are killed (M2, B2)', (ground) => {
  slow('in a flood, at random: every answer is its own call’s', async function () {
    this.timeout(90_000);
    const born = watchChildren();
    await withLanes(ground, { lanes: 4, maxQueue: 10_000, maxDeaths: Infinity }, async (lib, pool) => {
      const random = randomFrom(29);
      let [failed, kills] = [0, 0];
      for (let round = 0; round < 12; round++) {
        const base = BigInt(round) << 32n;
        const calls = Array.from({ length: 600 }, (_, i) => lib.ot_id_u64(base + BigInt(i)).settled());
        const texts = Array.from({ length: 20 }, (_, i) => lib.ot_long_owned(20_000 + i).settled());
        const children = born();
        const pid = children[Math.floor(random() * children.length)];
        const end = performance.now() + random() * 4;
        await until(() => performance.now() > end, 'a moment');
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
        kills += 1;
        for (const [i, { status, value, error }] of (await Promise.all(calls)).entries()) {
          if (status === 'succeeded') expect(value).to.equal(base + BigInt(i));
          else {
            expect(error).to.include({ kind: 'crash' });
            failed += 1;
          }
        }
        for (const [i, { status, value }] of (await Promise.all(texts)).entries()) {
          if (status === 'succeeded') expect(value?.length).to.equal(20_000 + i);
          else failed += 1;
        }
      }
      expect(failed).to.be.at.most(kills);
      await fullAgain(pool);
      expect(pool.stats().failed).to.equal(failed);
      expectBalance(pool);
    });
  });
});
