/** M31: host functions that call their own pool, and calls that block the thread which would have to answer. */
import { expect } from 'chai';
import { callback, DeadlockError, HostFunctionError } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { expectClean, Held, NUMBER, onCallbackEngines, unhandled } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { turns, until } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
});
/** ms: far below every timeout that could end a deadlock instead. */
const SOON = 6_000;

onCallbackEngines('a blocking call with a callback', (engine) => {
  it('works with functions that answer at once', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const order: number[] = [];
      const note = (n: number): number => (order.push(n), n * 2);
      expect(lib.ot_call_callback.blocking(note, 4)).to.equal(12);
      expect(order).to.deep.equal([0, 1, 2, 3]);
      for (let i = 0; i < 200; i++) expect(lib.ot_call_callback.blocking((n) => n, 3)).to.equal(3);
      await expectClean(pool);
    });
  });

  it('is a DeadlockError with one that answers by a promise', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const reasons = await unhandled(async () => {
        for (const answer of [
          async (n: number) => n,
          () => new Promise<number>(() => {}),
          async () => Promise.reject(new Error('of no interest')),
        ]) {
          const start = performance.now();
          const error = thrown(() => lib.ot_call_callback.blocking(answer, 4), DeadlockError);
          expect(error).to.include({ code: 'OFFTHREAD_DEADLOCK', kind: 'deadlock' });
          expect(performance.now() - start).to.be.below(SOON);
          expect(
            lib.ot_call_callback.blocking((n) => n, 3),
            'the lane goes on',
          ).to.equal(3);
        }
      });
      expect(reasons).to.deep.equal([]);
      await expectClean(pool);
    });
  });

  it('may be made in the host function of another call, where a lane is free', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const inner = (n: number): number => lib.ot_add.blocking(n, 1);
      expect(await lib.ot_call_callback(inner, 4)).to.equal(10);
      const deeper = (n: number): number => lib.ot_call_callback.blocking((m) => m, n);
      expect(await lib.ot_call_callback(deeper, 4)).to.equal(4);
      await expectClean(pool);
    });
  });

  it('is a DeadlockError in the host function of the only lane', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const codes: string[] = [];
      const inner = (n: number): number => {
        codes.push(thrown(() => lib.ot_add.blocking(n, 1), DeadlockError).code);
        return 5;
      };
      expect(await lib.ot_call_callback(inner, 2)).to.equal(10);
      expect(codes).to.deep.equal(['OFFTHREAD_DEADLOCK', 'OFFTHREAD_DEADLOCK']);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('a host function that awaits its own pool (M31)', (engine) => {
  it('gets a DeadlockError on the only lane, and can still answer', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const start = performance.now();
      const answer = async (n: number): Promise<number> => {
        const error = await rejection(lib.ot_add(n, 1), DeadlockError);
        expect(error).to.include({ code: 'OFFTHREAD_DEADLOCK', kind: 'deadlock', symbol: 'ot_add' });
        return 21;
      };
      expect(await lib.ot_call_callback(answer, 2)).to.equal(42);
      expect(performance.now() - start).to.be.below(SOON);
      expect(await lib.ot_add(1, 2), 'the lane goes on').to.equal(3);
      await expectClean(pool);
    });
  });

  it('fails its call with it where it does not handle it', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const outer = lib.ot_call_callback(async (n) => lib.ot_add(n, 1), 2);
      const error = await rejection(outer, HostFunctionError);
      expect(error.cause).to.be.instanceOf(DeadlockError);
      await expectClean(pool);
    });
  });

  it('gets it also when it calls after it has waited for something else', async () => {
    await withTalk(engine, {}, async (lib) => {
      const outer = lib.ot_call_callback(async (n) => {
        await turns(5);
        return lib.ot_add(n, 1);
      }, 1);
      const error = await rejection(outer, HostFunctionError);
      expect(error.cause).to.be.instanceOf(DeadlockError);
    });
  });

  it('is served where another lane is free, as deep as lanes go', async () => {
    await withTalk(engine, { lanes: 3 }, async (lib, pool) => {
      expect(await lib.ot_call_callback(async (n) => lib.ot_add(n, 1), 4)).to.equal(10);
      const middle = async (n: number): Promise<number> => lib.ot_call_callback((m) => lib.ot_add(m, n), 3);
      expect(await lib.ot_call_callback(middle, 3)).to.equal(18);
      await expectClean(pool);
    });
  });

  it('waits for a lane that is busy with something that ends', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const held = new Held();
      const other = lib.ot_call_callback(held.ask, 1);
      await held.waiting();
      let asked = false;
      const outer = lib.ot_call_callback(async (n) => {
        const inner = lib.ot_add(n, 40);
        asked = true;
        return inner;
      }, 1);
      await until(() => asked, 'the inner call');
      await turns(100);
      expect(outer.state, 'that lane waits for a function which calls nobody').to.equal('running');
      held.answer(2);
      expect(await Promise.all([other, outer])).to.deep.equal([2, 40]);
      await expectClean(pool);
    });
  });

  it('is found out where two wait for each other, and everything settles', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const start = performance.now();
      let inside = 0;
      const answer = async (n: number): Promise<number> => {
        inside += 1;
        await until(() => inside === 2, 'both to be in their host function');
        return lib.ot_add(n, 1);
      };
      const records = await Promise.all(
        [0, 1].map(() => lib.ot_call_callback(answer, 1)).map((call) => call.settled()),
      );
      const causes = records.map(({ error }) => error?.cause).filter((cause) => cause !== undefined);
      expect(causes).to.have.length.within(1, 2);
      for (const cause of causes) expect(cause).to.be.instanceOf(DeadlockError);
      expect(performance.now() - start).to.be.below(SOON);
      expect(await Promise.all([lib.ot_add(1, 2), lib.ot_add(3, 4)])).to.deep.equal([3, 7]);
      await expectClean(pool);
    });
  });

  it('may start a call that it does not wait for', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const started: Promise<number>[] = [];
      const start = (n: number): number => {
        started.push(lib.ot_add(n, 1));
        return n;
      };
      expect(await lib.ot_call_callback(start, 3)).to.equal(3);
      expect(await Promise.all(started)).to.deep.equal([1, 2, 3]);
      expect(await lib.ot_call_callback(async (n) => start(n), 2)).to.equal(1);
      expect(await Promise.all(started)).to.deep.equal([1, 2, 3, 1, 2]);
      await expectClean(pool);
    });
  });

  it('may call another pool, which has lanes of its own', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const other = createPool({ lanes: 1 });
      const inner = await other.open(testlib, OFFTEST, { engine });
      expect(await lib.ot_call_callback((n) => inner.ot_add(n, 1), 4)).to.equal(10);
      expect(await lib.ot_call_callback((n) => inner.ot_add.blocking(n, 1), 4)).to.equal(10);
      await expectClean(pool);
      await other.close();
    });
  });
});
