/** M22, M24: nobody waits for ever: timeouts, cancelling and closing release the native thread, each with its error. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import {
  callback,
  CallCancelledError,
  CallTimeoutError,
  ChannelClosedError,
  type OffthreadError,
} from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { childrenOf, isAlive } from '../../helpers/processes.js';
import { expectClean, Held, NUMBER, onCallbackEngines, unhandled, words } from '../../helpers/talk.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until, wait } from '../../helpers/waiting.js';

const ask = (options: { timeout?: number; fallback?: number } = {}) =>
  ({
    symbol: 'ot_ask',
    arguments: [callback(NUMBER, options), 'i32', 'buffer'],
    return: 'i32',
  }) as const;
const withTalk = withLibrary({
  ...OFFTEST,
  ot_ask: ask({ fallback: -9 }),
  hasty: ask({ timeout: 40, fallback: -9 }),
  patient: ask({ timeout: 20_000 }),
  endless: ask({ timeout: 0 }),
});
/** Settles never. */
const never = (): Promise<number> => new Promise(() => {});
const later = (): Promise<number> => wait(150).then(() => 1);

onCallbackEngines('host functions that take too long (M22)', (engine) => {
  it('end their call with an error of their own, and native code gets the fallback', async () => {
    await withTalk(engine, { hostTimeout: 50, grace: 8_000 }, async (lib, pool) => {
      const answers = words(3);
      const start = performance.now();
      const call = lib.ot_ask(never, 3, answers);
      const error = await rejection(call, CallTimeoutError);
      expect(performance.now() - start).to.be.within(49, 6_000);
      expect(error).to.include({ code: 'OFFTHREAD_HOST_FUNCTION_TIMEOUT', symbol: 'ot_ask', call: call.id });
      expect(await call.settled()).to.include({ status: 'timed-out' });
      expect([...answers]).to.deep.equal([-9, -9, -9]);
      expect(await lib.ot_ask(() => 5, 1, answers), 'the lane goes on').to.equal(1);
      expect(pool.stats()).to.include({ timedOut: 1, succeeded: 1 });
      await expectClean(pool);
    });
  });

  slow("go by the declaration's timeout rather than the pool's", async () => {
    await withTalk(engine, { hostTimeout: 60 }, async (lib) => {
      expect((await rejection(lib.hasty(never, 1, words(1)), CallTimeoutError)).message).to.include('40');
      expect(await lib.patient(later, 1, words(1))).to.equal(1);
      expect(await lib.endless(later, 1, words(1))).to.equal(1);
      expect((await rejection(lib.ot_ask(never, 1, words(1)), CallTimeoutError)).message).to.include('60');
    });
  });

  slow("go by the call's timeout rather than any other", async () => {
    await withTalk(engine, { hostTimeout: 60 }, async (lib) => {
      expect(await lib.hasty.with({ hostTimeout: 20_000 })(later, 1, words(1))).to.equal(1);
      expect(await lib.hasty.with({ hostTimeout: 0 })(later, 1, words(1))).to.equal(1);
      expect(await lib.ot_ask.with({ hostTimeout: 20_000 })(later, 1, words(1))).to.equal(1);
      for (const fn of [lib.patient, lib.endless, lib.ot_ask]) {
        const error = await rejection(fn.with({ hostTimeout: 30 })(never, 1, words(1)), CallTimeoutError);
        expect(error).to.include({ code: 'OFFTHREAD_HOST_FUNCTION_TIMEOUT' });
        expect(error.message).to.include('30');
      }
    });
  });

  slow('have that time for each of their calls, not for all together', async () => {
    await withTalk(engine, { hostTimeout: 1_000 }, async (lib) => {
      expect(await lib.ot_ask(() => wait(200).then(() => 1), 6, words(6))).to.equal(6);
    });
  });

  it('may settle after that: nobody hears of it, and the next call is not answered by it', async () => {
    await withTalk(engine, { hostTimeout: 30 }, async (lib, pool) => {
      const reasons = await unhandled(async () => {
        const [late, failing, held] = [new Held(), new Held(), new Held()];
        await rejection(lib.ot_ask(late.ask, 1, words(1)), CallTimeoutError);
        await rejection(lib.ot_ask(failing.ask, 1, words(1)), CallTimeoutError);
        const answers = words(2);
        const next = lib.ot_ask.with({ hostTimeout: 8_000 })(held.ask, 2, answers);
        await held.waiting();
        late.answer(999);
        failing.fail(new Error('long ago'));
        await turns(20);
        expect(answers[0], 'still not answered').to.equal(-1);
        held.answer(1);
        await held.waiting(2);
        held.answer(2);
        expect(await next).to.equal(2);
        expect([...answers]).to.deep.equal([1, 2]);
      });
      expect(reasons).to.deep.equal([]);
      await expectClean(pool);
    });
  });

  it("do not outlast their call's own timeout", async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const answers = words(2);
      const error = await rejection(lib.ot_ask.with({ timeout: 50 })(never, 2, answers), CallTimeoutError);
      expect(error.code).to.equal('OFFTHREAD_CALL_TIMEOUT');
      expect([...answers]).to.deep.equal([-9, -9]);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('cancelling a call that waits for its host function (M24)', (engine) => {
  it('releases native code at once and keeps the lane', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const [held, answers] = [new Held(), words(3)];
      const call = lib.ot_ask(held.ask, 3, answers);
      await held.waiting();
      held.answer(5);
      await held.waiting(2);
      const asked = performance.now();
      expect(call.cancel('enough')).to.equal(true);
      const error = await rejection(call, CallCancelledError);
      expect(performance.now() - asked, 'long before the grace is over').to.be.below(6_000);
      expect(error.cause).to.equal('enough');
      expect([...answers]).to.deep.equal([5, -9, -9]);
      expect(held.asked).to.deep.equal([0, 1]);
      held.answer(6);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await expectClean(pool);
    });
  });

  it('works by a signal, which has no listener left then', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const [held, controller] = [new Held(), new AbortController()];
      const call = lib.ot_ask.with({ signal: controller.signal })(held.ask, 2, words(2));
      await held.waiting();
      controller.abort('left');
      expect((await rejection(call, CallCancelledError)).cause).to.equal('left');
      expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0);
      await expectClean(pool);
    });
  });

  it('works from within the host function', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const answers = words(3);
      let calls = 0;
      const call = lib.ot_ask(
        () => {
          calls += 1;
          call.cancel('from inside');
          return 4;
        },
        3,
        answers,
      );
      expect((await rejection(call, CallCancelledError)).cause).to.equal('from inside');
      expect([calls, answers[1], answers[2]]).to.deep.equal([1, -9, -9]);
      await expectClean(pool);
    });
  });

  it('works for many at once', async () => {
    await withTalk(engine, { lanes: 4, grace: 8_000 }, async (lib, pool) => {
      const held = new Held();
      const calls = Array.from({ length: 12 }, () => lib.ot_ask(held.ask, 2, words(2)));
      await held.waiting(4);
      pool.cancelAll('all');
      const records = await Promise.all(calls.map((call) => call.settled()));
      expect(new Set(records.map(({ status }) => status))).to.deep.equal(new Set(['cancelled']));
      expect(held.asked).to.have.lengthOf(4);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('closing a pool while a host function is awaited (M24)', (engine) => {
  const closed = async (end: Promise<OffthreadError>): Promise<void> => {
    expect(await end).to.include({ kind: 'channel-closed' });
  };

  it('destroy releases native code, and the error says that the channel is closed', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const [held, answers] = [new Held(), words(4)];
      const calls = [0, 2].map((at) => lib.ot_ask(held.ask, 2, answers.subarray(at, at + 2)));
      const ends = calls.map((call) => rejection(call, ChannelClosedError));
      await held.waiting(2);
      await pool.destroy();
      for (const end of ends) await closed(end);
      // A process may be killed before it has answered for itself.
      if (laneKind() === 'process')
        await until(() => !childrenOf(process.pid).some(isAlive), 'the processes to end');
      else await until(() => answers.every((answer) => answer === -9), 'native code to be released');
      held.answer(1);
    });
  });

  it('close does so when its time is over', async () => {
    for (const timeout of [0, 30]) {
      await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
        const [held, answers] = [new Held(), words(2)];
        const end = rejection(lib.ot_ask(held.ask, 2, answers), ChannelClosedError);
        await held.waiting();
        await pool.close({ timeout });
        await closed(end);
        expect([...answers]).to.deep.equal([-9, -9]);
      });
    }
  });

  it('close waits for what is answered in time', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const held = new Held();
      const call = lib.ot_ask(held.ask, 1, words(1));
      await held.waiting();
      const closing = pool.close({ timeout: 10_000 });
      await turns(20);
      expect(call.state).to.equal('running');
      held.answer(3);
      expect(await call).to.equal(1);
      await closing;
    });
  });
});
