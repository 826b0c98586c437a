/** B1: native code that asks a probe whether to go on, in its own call or kept from an earlier one. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, type OffthreadError, PoolClosedError } from 'offthread';
import { rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { expectClean, onCallbackEngines, words } from '../../helpers/talk.js';
import { until, wait } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_ask_probe: { arguments: ['cancelProbe', 'buffer', 'i32'], return: 'i32' },
  ot_spin_until_probe: { arguments: ['cancelProbe', 'i32'], return: 'i32' },
  ot_keep_probe: { arguments: ['cancelProbe'], return: 'void' },
  ot_ask_kept_probe: { arguments: ['buffer', 'i32'], return: 'i32' },
});
/** ms after which native code gives up asking: a test that needs it is broken. */
const GUARD = 9_000;
const asking = (asked: Int32Array): Promise<void> =>
  until(() => (asked[0] ?? 0) > 0, 'native code to ask its probe');

onCallbackEngines('a probe (B1)', (engine) => {
  it('is filled in by offthread, and says no while nobody wants to stop', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const asked = words(1, 0);
      expect(await lib.ot_ask_probe(asked, 20)).to.equal(-1);
      expect(asked[0]).to.be.greaterThan(0);
      expect(await lib.ot_spin_until_probe(5)).to.equal(-1);
      await expectClean(pool);
    });
  });

  it('says yes when the call is cancelled, and the lane is kept', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const asked = words(1, 0);
      const call = lib.ot_ask_probe(asked, GUARD);
      await asking(asked);
      expect(call.cancel('enough')).to.equal(true);
      const error = await rejection(call, CallCancelledError);
      expect(error.cause).to.equal('enough');
      const [times] = asked;
      await lib.ot_sleep_ms(1);
      expect(asked[0], 'native code has returned').to.equal(times);
      await expectClean(pool);
    });
  });

  it('says yes at the timeout of a call, awaited or blocking', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const hasty = lib.ot_ask_probe.with({ timeout: 30 });
      await rejection(hasty(words(1, 0), GUARD), CallTimeoutError);
      thrown(() => hasty.blocking(words(1, 0), GUARD), CallTimeoutError);
      expect(await lib.ot_ask_probe(words(1, 0), 5), 'and no to the next').to.equal(-1);
      await expectClean(pool);
    });
  });

  it('says yes when the pool is closed or destroyed', async () => {
    for (const destroy of [true, false]) {
      await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
        const asked = words(1, 0);
        const end: Promise<OffthreadError> = rejection(lib.ot_ask_probe(asked, GUARD), PoolClosedError);
        await asking(asked);
        await (destroy ? pool.destroy() : pool.close({ timeout: 0 }));
        await end;
        const [times] = asked;
        await wait(30);
        expect(asked[0], 'native code has returned').to.be.within(times ?? 0, (times ?? 0) + 2);
      });
    }
  });

  it('belongs to its lane: another goes on', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const [first, second] = [words(1, 0), words(1, 0)];
      const calls = [lib.ot_ask_probe(first, GUARD), lib.ot_ask_probe(second, GUARD)] as const;
      await asking(first);
      await asking(second);
      calls[0].cancel();
      await rejection(calls[0], CallCancelledError);
      const times = second[0] ?? 0;
      await until(() => (second[0] ?? 0) > times + 5, 'the other to ask on');
      expect(calls[1].state).to.equal('running');
      calls[1].cancel();
      await rejection(calls[1], CallCancelledError);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('a probe that native code keeps (B1)', (engine) => {
  it('serves later calls on its lane, each for itself', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      await lib.ot_keep_probe();
      for (let round = 0; round < 5; round++) {
        const asked = words(1, 0);
        const call = lib.ot_ask_kept_probe(asked, GUARD);
        await asking(asked);
        call.cancel(round);
        expect((await rejection(call, CallCancelledError)).cause).to.equal(round);
        expect(await lib.ot_ask_kept_probe(words(1, 0), 5), 'no is the answer again').to.equal(-1);
      }
      await rejection(lib.ot_ask_kept_probe.with({ timeout: 30 })(words(1, 0), GUARD), CallTimeoutError);
      await expectClean(pool);
    });
  });

  it('outlives other calls with a probe of their own', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      await lib.ot_keep_probe();
      for (let i = 0; i < 50; i++) expect(await lib.ot_ask_probe(words(1, 0), 0)).to.equal(-1);
      const asked = words(1, 0);
      const call = lib.ot_ask_kept_probe(asked, GUARD);
      await asking(asked);
      call.cancel();
      await rejection(call, CallCancelledError);
      await expectClean(pool);
    });
  });

  it('is gone with a lane that was given up', async () => {
    await withTalk(engine, { grace: 10 }, async (lib, pool) => {
      await lib.ot_keep_probe();
      expect(await lib.ot_ask_kept_probe(words(1, 0), 1)).to.equal(-1);
      const gate = new Gate();
      const stuck = gate.hold(lib);
      await gate.inside();
      stuck.cancel();
      await rejection(stuck, CallCancelledError);
      expect(await lib.ot_ask_kept_probe(words(1, 0), 1), 'a new lane keeps none').to.equal(0);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});
