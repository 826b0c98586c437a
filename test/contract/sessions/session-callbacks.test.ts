/** B7, M31: functions of the host in sessions: persistent ones belong to the session, and none waits for itself. */
import { expect } from 'chai';
import { callback, chunks, DeadlockError, HostFunctionError, persistent } from 'offthread';
import { rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, collect, Held, NUMBER, onCallbackEngines, words } from '../../helpers/talk.js';
import { until } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_add_in_thread: { arguments: ['i32'], return: 'i32' },
  ot_keep_callback: { arguments: [callback(NUMBER, { fallback: -3 })], return: 'void' },
  ot_ask_kept: { arguments: ['i32', 'buffer'], return: 'i32' },
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_stream_tracked: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer'], return: 'i32' },
});

onCallbackEngines('functions of the host in a session (B7)', (engine) => {
  it('are called by its calls, and by none after its end', async () => {
    await withTalk(engine, { lanes: 1 }, async (lib, pool) => {
      using kept = persistent((n: number) => n + 1);
      for (let round = 0; round < 3; round += 1) {
        const session = await pool.session();
        const own = session.use(lib);
        await own.ot_keep_callback(kept);
        const answers = words(2);
        expect(await own.ot_ask_kept(2, answers)).to.equal(2);
        expect([...answers], `session ${round}`).to.deep.equal([1, 2]);
        await session.close();
        await lib.ot_ask_kept(2, answers);
        expect([...answers], 'the fallback').to.deep.equal([-3, -3]);
      }
      expect(kept.closed).to.equal(false);
      // What a plain call has left stays.
      await lib.ot_keep_callback(kept);
      const session = await pool.session();
      await session.close();
      const answers = words(2);
      await lib.ot_ask_kept(2, answers);
      expect([...answers]).to.deep.equal([1, 2]);
    });
  });

  it('are called during each call, and stream', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      expect(await own.ot_call_callback((n: number) => n, 4)).to.equal(6);
      expect(own.ot_call_callback.blocking((n: number) => n, 4)).to.equal(6);
      const seen = await collect(own.ot_stream_tracked.stream(20, 10, words(1, 0)));
      expect(seen).to.have.lengthOf(20);
      expect(await own.ot_add_in_thread(1)).to.equal(1);
      await session.close();
    });
  });

  it('cannot await a call of their own session, a lane, or its end (M31)', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const inside = async (run: () => PromiseLike<unknown>): Promise<DeadlockError> => {
        const error = await rejection(
          own.ot_call_callback(async () => {
            await run();
            return 1;
          }, 1),
          HostFunctionError,
        );
        expect(error.cause).to.be.instanceOf(DeadlockError);
        return error.cause as DeadlockError;
      };
      expect((await inside(() => own.ot_add(1, 2))).message).to.contain('the lane of its session');
      expect((await inside(() => pool.session())).message).to.contain('pool.session');
      expect(
        await own.ot_call_callback(async () => await lib.ot_add(1, 2), 1),
        'another lane is free',
      ).to.equal(3);
      expect((await inside(() => session.close())).message).to.contain('session.close');
      await until(() => pool.stats().sessions.leased === 0, 'the session to end');
      await session.close();
    });
  });

  it('cannot block on their own session either (M31)', async () => {
    await withTalk(engine, { lanes: 1 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const error = await rejection(
        own.ot_call_callback(() => own.ot_add.blocking(1, 2), 1),
        HostFunctionError,
      );
      expect(error.cause).to.be.instanceOf(DeadlockError);
      expect((error.cause as Error).message).to.contain('the lane of its session');
      const plain = thrown(() => lib.ot_add.blocking(1, 2), DeadlockError);
      expect(plain.message).to.contain('every lane is leased');
      const held = new Held();
      const call = own.ot_call_callback(held.ask, 1);
      await held.waiting();
      thrown(() => lib.ot_add.blocking(1, 2), DeadlockError);
      held.answer(8);
      expect(await call).to.equal(8);
      await session.close();
      expect(lib.ot_add.blocking(1, 2)).to.equal(3);
    });
  });
});
