/** M20: callbacks that native code keeps for later calls: persistent ones, and those it should have forgotten. */
import { expect } from 'chai';
import {
  ArgumentError,
  callback,
  CallCancelledError,
  CallTimeoutError,
  HostFunctionError,
  persistent,
} from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { expectClean, Held, NUMBER, onCallbackEngines, words } from '../../helpers/talk.js';
import { turns, until } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_keep_callback: { arguments: [callback(NUMBER, { fallback: -3 })], return: 'void' },
  ot_ask_kept: { arguments: ['i32', 'buffer'], return: 'i32' },
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
});

onCallbackEngines('a persistent callback', (engine) => {
  it('is called by later calls, and answers at once or later', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const seen: number[] = [];
      using kept = persistent((n: number) => {
        seen.push(n);
        return n % 2 === 0 ? n + 10 : turns(2).then(() => n + 20);
      });
      await lib.ot_keep_callback(kept);
      expect(seen, 'installing calls nothing').to.deep.equal([]);
      for (let round = 0; round < 3; round++) {
        const answers = words(3);
        expect(await lib.ot_ask_kept(3, answers)).to.equal(3);
        expect([...answers]).to.deep.equal([10, 21, 12]);
      }
      expect(seen).to.have.lengthOf(9);
      expect(kept.closed).to.equal(false);
      expect(pool.stats().lateCallbacks).to.equal(0);
      await expectClean(pool);
    });
  });

  it('outlives thousands of calls with callbacks of their own', async () => {
    await withTalk(engine, {}, async (lib) => {
      using kept = persistent((n: number) => n + 1);
      await lib.ot_keep_callback(kept);
      for (let i = 0; i < 1_000; i++) await lib.ot_call_callback((n) => n, 2);
      const answers = words(2);
      await lib.ot_ask_kept(2, answers);
      expect([...answers]).to.deep.equal([1, 2]);
    });
  });

  it('fails the call during which it throws, and serves the next', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      let broken = true;
      using kept = persistent((n: number) => {
        if (broken && n === 1) throw new Error('once');
        return n;
      });
      await lib.ot_keep_callback(kept);
      const answers = words(3);
      const error = await rejection(lib.ot_ask_kept(3, answers), HostFunctionError);
      expect((error.cause as Error).message).to.equal('once');
      expect(error.symbol).to.equal('ot_ask_kept');
      expect([...answers]).to.deep.equal([0, -3, -3]);
      broken = false;
      expect(await lib.ot_ask_kept(3, answers)).to.equal(3);
      expect([...answers]).to.deep.equal([0, 1, 2]);
      await expectClean(pool);
    });
  });

  it('is released like any other: by cancelling, by a timeout', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const held = new Held();
      using kept = persistent(held.ask);
      await lib.ot_keep_callback(kept);
      const answers = words(2);
      const call = lib.ot_ask_kept(2, answers);
      await held.waiting();
      call.cancel();
      await rejection(call, CallCancelledError);
      await until(() => answers.every((answer) => answer === -3), 'native code to be released');
      const late = lib.ot_ask_kept.with({ hostTimeout: 30 })(2, words(2));
      const error = await rejection(late, CallTimeoutError);
      expect(error.code).to.equal('OFFTHREAD_HOST_FUNCTION_TIMEOUT');
      // Nothing in its declaration says that this call could be stopped: its lane may have been given up for a moment.
      await until(() => pool.stats().lanes.lost === 0, 'native code to return');
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  it('is over when it is closed: native code gets the fallback, nobody is called', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      let calls = 0;
      const kept = persistent((n: number) => ((calls += 1), n));
      await lib.ot_keep_callback(kept);
      await lib.ot_ask_kept(2, words(2));
      expect([kept.closed, calls]).to.deep.equal([false, 2]);
      kept.close();
      kept.close();
      expect(kept.closed).to.equal(true);
      const answers = words(2);
      expect(await lib.ot_ask_kept(2, answers)).to.equal(2);
      expect([...answers]).to.deep.equal([-3, -3]);
      expect(calls).to.equal(2);
      await expectClean(pool);
    });
  });

  it('is closed by the end of its scope, and refused by calls after that', async () => {
    await withTalk(engine, {}, async (lib) => {
      let outside: ReturnType<typeof persistent> | undefined;
      {
        using kept = persistent((n: number) => n);
        outside = kept;
        await lib.ot_keep_callback(kept);
      }
      expect(outside?.closed).to.equal(true);
      const answers = words(1);
      await lib.ot_ask_kept(1, answers);
      expect(answers[0]).to.equal(-3);
      const error = await rejection(lib.ot_keep_callback(outside as never), ArgumentError);
      expect(error.message).to.match(/closed/);
    });
  });

  it('may be closed while it is being awaited, and while it is called', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const kept = persistent((n: number) => {
        if (n === 1) kept.close();
        return n + 5;
      });
      await lib.ot_keep_callback(kept);
      const answers = words(4);
      await lib.ot_ask_kept(4, answers).settled();
      expect([...answers.subarray(2)], 'after it was closed').to.deep.equal([-3, -3]);
      expect(answers[0]).to.equal(5);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await expectClean(pool);
    });
  });

  it('may be given where it is called at once, and several times', async () => {
    await withTalk(engine, {}, async (lib) => {
      using kept = persistent((n: number) => n * 2);
      for (let i = 0; i < 5; i++) expect(await lib.ot_call_callback(kept, 3)).to.equal(6);
      await lib.ot_keep_callback(kept);
      await lib.ot_keep_callback(kept);
      const answers = words(2);
      await lib.ot_ask_kept(2, answers);
      expect([...answers]).to.deep.equal([0, 2]);
    });
  });
});

onCallbackEngines('a callback that native code should have forgotten', (engine) => {
  it('gets the fallback, is counted, and the function is not called', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      let calls = 0;
      await lib.ot_keep_callback((n) => (calls += 1) + n);
      const answers = words(5);
      expect(await lib.ot_ask_kept(5, answers), 'the call itself is fine').to.equal(5);
      expect([...answers]).to.deep.equal([-3, -3, -3, -3, -3]);
      expect(calls).to.equal(0);
      expect(pool.stats().lateCallbacks).to.equal(5);
      expect(await lib.ot_call_callback((n) => n, 3)).to.equal(3);
      await expectClean(pool);
    });
  });

  it('does so also after hundreds of other callbacks', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      await lib.ot_keep_callback(() => 1);
      for (let i = 0; i < 500; i++) await lib.ot_call_callback((n) => n, 1);
      const answers = words(1);
      await lib.ot_ask_kept(1, answers);
      expect(answers[0], 'and never another function').to.equal(-3);
      expect(pool.stats().lateCallbacks).to.equal(1);
    });
  });
});
