/** M24, B2: lanes that die around a callback: before it, within it, after it, while the host is asked. */
import { expect } from 'chai';
import { callback, persistent } from 'offthread';
import { crash, expectBalance, fullAgain, lanesWith, onProcessLanes, words } from '../../helpers/faults.js';
import { FAULTS, SEGV, bySignal } from '../../helpers/fault-functions.js';
import { Held, NUMBER, unhandled } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';

const withLanes = lanesWith(testlib, {
  ot_add: FAULTS.ot_add,
  ot_process_id: FAULTS.ot_process_id,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_call_then_die: { arguments: [callback(NUMBER), 'i32', 'i32'], return: 'i32' },
  ot_call_doomed: { arguments: [callback(NUMBER), 'i32', 'buffer', 'i32'], return: 'i32' },
});

onProcessLanes('a lane that dies around a callback (M24, B2)', (ground) => {
  slow('before native code calls it', async () => {
    await withLanes(ground, {}, async (lib) => {
      const asked: number[] = [];
      const error = await crash(lib.ot_call_then_die((n) => asked.push(n), 0, SEGV));
      expect(error).to.include({ signal: 'SIGSEGV', symbol: 'ot_call_then_die', phase: 'call' });
      expect(asked).to.deep.equal([]);
      expect(await lib.ot_call_callback((n) => n * 2, 3)).to.equal(6);
    });
  });

  slow('after it has been answered, sync and async', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      for (const answer of [(n: number): number => n, async (n: number): Promise<number> => n]) {
        const asked: number[] = [];
        const ask = (n: number): number | Promise<number> => (asked.push(n), answer(n));
        const error = await crash(lib.ot_call_then_die(ask, 3, bySignal('SIGABRT')));
        expect(error).to.include({ signal: 'SIGABRT', phase: 'call' });
        expect(asked).to.deep.equal([0, 1, 2]);
      }
      expect(await lib.ot_call_then_die((n) => n, 4, 0)).to.equal(6);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('within it, by another thread: the late answer is heard by nobody', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const [held, how] = [new Held(), words()];
      const call = lib.ot_call_doomed(held.ask, 2, how, 20_000);
      await held.waiting();
      Atomics.store(how, 0, SEGV);
      const error = await crash(call);
      expect(error).to.include({ signal: 'SIGSEGV', symbol: 'ot_call_doomed', call: call.id, phase: 'call' });
      held.answer(1);
      expect(await lib.ot_call_callback((n) => n, 3), 'another lane asks').to.equal(3);
      expect(held.asked, 'and not for the dead one').to.deep.equal([0]);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  it('while a promise of the host is pending: one that is rejected later is nobody’s unhandled rejection', async () => {
    await withLanes(ground, {}, async (lib) => {
      const reasons = await unhandled(async () => {
        const held = new Held();
        const pid = await lib.ot_process_id();
        const call = lib.ot_call_callback(held.ask, 1);
        await held.waiting();
        process.kill(pid, 'SIGKILL');
        expect(await crash(call)).to.include({ signal: 'SIGKILL', pid, phase: 'call' });
        held.fail(new Error('too late'));
        expect(await lib.ot_add(1, 2)).to.equal(3);
      });
      expect(reasons).to.deep.equal([]);
    });
  });

  slow('killed by the very function that it asks', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      for (let round = 0; round < 3; round++) {
        const pid = await lib.ot_process_id();
        const suicide = (n: number): number => (process.kill(pid, 'SIGKILL'), n);
        expect(await crash(lib.ot_call_callback(suicide, 5))).to.include({ signal: 'SIGKILL', pid });
      }
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expectBalance(pool);
    });
  });

  slow('leaves the questions of other lanes alone', async () => {
    await withLanes(ground, { lanes: 4 }, async (lib, pool) => {
      const others = [new Held(), new Held(), new Held()];
      const [held, how] = [new Held(), words()];
      const calls = others.map(({ ask }) => lib.ot_call_callback(ask, 2));
      const doomed = lib.ot_call_doomed(held.ask, 1, how, 20_000);
      await Promise.all([held, ...others].map((one) => one.waiting()));
      Atomics.store(how, 0, bySignal('SIGBUS'));
      expect(await crash(doomed)).to.include({ signal: 'SIGBUS' });
      for (const [i, one] of others.entries()) one.answer(i * 10);
      await Promise.all(others.map((one) => one.waiting(2)));
      for (const one of others) one.answer(1);
      expect(await Promise.all(calls)).to.deep.equal([1, 11, 21]);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('while the host answers by calls of the same pool: those go on', async () => {
    await withLanes(ground, { lanes: 3 }, async (lib, pool) => {
      const [held, how] = [new Held(), words()];
      const inner: Promise<number>[] = [];
      const ask = async (n: number): Promise<number> => {
        const nested = lib.ot_call_callback(held.ask, 1);
        inner.push(nested);
        return n + (await nested);
      };
      const doomed = lib.ot_call_doomed(ask, 1, how, 20_000);
      await held.waiting();
      Atomics.store(how, 0, SEGV);
      await crash(doomed);
      held.answer(7);
      expect(await Promise.all(inner)).to.deep.equal([7]);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  slow('a function that persists is asked by the lane that comes after', async () => {
    await withLanes(ground, { maxDeaths: Infinity }, async (lib) => {
      const asked: number[] = [];
      using double = persistent((n: number) => (asked.push(n), n * 2));
      for (let round = 0; round < 3; round++) {
        expect(await lib.ot_call_callback(double, 3)).to.equal(6);
        await crash(lib.ot_call_then_die(double, 1, SEGV));
      }
      expect(asked).to.deep.equal([0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 2, 0]);
    });
  });
});
