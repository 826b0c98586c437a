/** M20, M21, M25: functions of the host do real work while native code waits, and nobody else does. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, threadId } from 'node:worker_threads';
import { expect } from 'chai';
import { callback } from 'offthread';
import { OFFTEST } from '../../helpers/offtest.js';
import { ownThread } from '../../helpers/oracle.js';
import {
  expectClean,
  Held,
  NUMBER,
  onCallbackEngines,
  randomFrom,
  unhandled,
  words,
} from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { withLibrary } from '../../helpers/contract.js';
import { turns, until, wait } from '../../helpers/waiting.js';

const forget = callback({ arguments: ['i32'], return: 'void' }, { fireAndForget: true });
const withTalk = withLibrary({
  ...OFFTEST,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  strict: {
    symbol: 'ot_call_callback',
    arguments: [callback(NUMBER, { sync: true }), 'i32'],
    return: 'i32',
  },
  ot_notify: { arguments: [forget, 'i32'], return: 'void' },
  ot_notify_then_set: { arguments: [forget, 'i32', 'buffer'], return: 'void' },
});

onCallbackEngines('host functions (M20, M21)', (engine) => {
  it('run on the thread that owns the pool', async () => {
    await withTalk(engine, {}, async (lib) => {
      const seen: unknown[] = [];
      const note = (n: number): number => (seen.push(threadId, isMainThread, ownThread()), n);
      await lib.ot_call_callback(note, 1);
      expect(seen).to.deep.equal([threadId, isMainThread, ownThread()]);
      expect(await lib.ot_thread_id()).to.not.equal(BigInt(ownThread()));
    });
  });

  it('leave the event loop free while native code waits', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const held = new Held();
      const call = lib.ot_call_callback(held.ask, 2);
      await held.waiting();
      await turns(200);
      expect([call.state, held.asked.length]).to.deep.equal(['running', 1]);
      held.answer(30);
      await held.waiting(2);
      held.answer(12);
      expect(await call).to.equal(42);
      await expectClean(pool);
    });
  });

  it('take what answers at once the same way, thousands of times', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      let calls = 0;
      const count = (): number => ((calls += 1), 1);
      expect(await lib.ot_call_callback(count, 5_000)).to.equal(5_000);
      expect(await lib.strict(count, 5_000)).to.equal(5_000);
      expect(calls).to.equal(10_000);
      await expectClean(pool);
    });
  });

  it('count towards the run time of their call', async () => {
    await withTalk(engine, {}, async (lib) => {
      const record = await lib.ot_call_callback(() => wait(40).then(() => 1), 1).settled();
      expect(record).to.include({ status: 'succeeded', value: 1 });
      expect(record.ranMs).to.be.at.least(38);
    });
  });
});

onCallbackEngines('host functions that native code does not wait for', (engine) => {
  it('run in order, each once, after native code has gone on', async () => {
    await withTalk(engine, {}, async (lib) => {
      const seen: number[] = [];
      const all = Array.from({ length: 500 }, (_, i) => i);
      await lib.ot_notify((n) => void seen.push(n), 500);
      await until(() => seen.length >= 500, 'all of them');
      await turns(5);
      expect(seen).to.deep.equal(all);
    });
  });

  it('may block: native code is at its end meanwhile', async () => {
    await withTalk(engine, {}, async (lib) => {
      const [done, never] = [words(1, 0), new Int32Array(new SharedArrayBuffer(4))];
      const seen: number[] = [];
      const blockUntilSet = (): void => {
        const start = performance.now();
        // Native code sets the word and wakes nobody.
        while (Atomics.load(done, 0) === 0 && performance.now() - start < 6_000) {
          Atomics.wait(never, 0, 0, 1);
        }
        seen.push(Atomics.load(done, 0));
      };
      await lib.ot_notify_then_set(blockUntilSet, 10, done);
      await until(() => seen.length === 10, 'all of them');
      expect(seen[0], 'set while this thread was blocked').to.equal(1);
    });
  });

  it('harm nobody when they throw or never settle', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const reasons = await unhandled(async () => {
        const thrower = (n: number): void => {
          if (n === 1) throw new Error('nobody waits for this');
        };
        await lib.ot_notify(thrower, 3).settled();
        await lib.ot_notify(async () => Promise.reject(new Error('nor for this')), 3).settled();
        await lib.ot_notify(() => new Promise(() => {}), 3).settled();
        await turns(20);
      });
      expect(reasons).to.deep.equal([]);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('many host functions at once (M25)', (engine) => {
  it('200 calls over 4 lanes with timers of their own: none is mixed up', async () => {
    await withTalk(engine, { lanes: 4 }, async (lib, pool) => {
      const random = randomFrom(25);
      const calls = Array.from({ length: 200 }, (_, id) => {
        const answer = async (n: number): Promise<number> => {
          await wait(random() * 4);
          return id * 100 + n;
        };
        return lib.ot_call_callback(answer, 5);
      });
      expect(await Promise.all(calls)).to.deep.equal(calls.map((_, id) => 5 * id * 100 + 10));
      await expectClean(pool);
    });
  });

  describe('with real work in them', () => {
    let server: Server;
    let origin = '';
    before(async () => {
      server = createServer((request, response) => {
        setTimeout(() => response.end(request.url?.slice(1)), 2);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    slow('HTTP requests, file reads and timers from 4 lanes find their callers', async () => {
      await withTalk(engine, { lanes: 4 }, async (lib, pool) => {
        const size = (await readFile(testlib)).length;
        const work = async (kind: number, value: number): Promise<number> => {
          if (kind === 0) return Number(await (await fetch(origin + value)).text());
          if (kind === 1) return (await readFile(testlib)).length - size + value;
          return wait(value % 3).then(() => value);
        };
        const calls = Array.from({ length: 60 }, (_, id) =>
          lib.ot_call_callback((n) => work((id + n) % 3, id * 10 + n), 3),
        );
        expect(await Promise.all(calls)).to.deep.equal(calls.map((_, id) => 30 * id + 3));
        await expectClean(pool);
      });
    });
  });

  it('one that never answers holds up nobody in another lane', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const held = new Held();
      const stuck = lib.ot_call_callback(held.ask, 1);
      await held.waiting();
      for (let i = 0; i < 100; i++) expect(await lib.ot_call_callback(async (n) => n, 3)).to.equal(3);
      expect(stuck.state).to.equal('running');
      held.answer(5);
      expect(await stuck).to.equal(5);
      await expectClean(pool);
    });
  });
});
