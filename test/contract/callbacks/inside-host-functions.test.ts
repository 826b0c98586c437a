/** M24, M25, M31: what functions that native code waits for may do: call the pool, block, throw anything, take their time. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import {
  callback,
  CallTimeoutError,
  chunks,
  DeadlockError,
  HostFunctionError,
  type NativeCall,
  persistent,
} from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, expectClean, NUMBER, onCallbackEngines } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until } from '../../helpers/waiting.js';

const TALK = {
  ...OFFTEST,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_notify: {
    arguments: [callback({ arguments: ['i32'], return: 'void' }, { fireAndForget: true }), 'i32'],
    return: 'void',
  },
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
} as const;
const withTalk = withLibrary(TALK);

/** The innermost cause of an error. */
function root(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? root(error.cause) : error;
}

onCallbackEngines('calls inside of calls inside of calls (M31)', (engine) => {
  for (const [depth, lanes] of [
    [3, 2],
    [5, 3],
  ] as const) {
    it(`${depth} deep on ${lanes} lanes are a deadlock, and said to be one`, async () => {
      await withTalk(engine, { lanes }, async (lib, pool) => {
        const call = (left: number): NativeCall<number> =>
          lib.ot_call_callback(async (n) => (left === 0 ? n : await call(left - 1)), 1);
        expect(root(await rejection(call(depth), HostFunctionError))).to.be.instanceOf(DeadlockError);
        expect(await call(lanes - 1), 'as deep as there are lanes').to.equal(0);
        await expectClean(pool);
      });
    });
  }

  it('of two pools that wait for each other are one, too', async () => {
    await withTalk(engine, {}, async (here, pool) => {
      const other = createPool({ lanes: 1 });
      try {
        const there = await other.open(testlib, TALK, { engine });
        const call = here.ot_call_callback(
          () => there.ot_call_callback(() => here.ot_call_callback((n) => n, 1), 1),
          1,
        );
        expect(root(await rejection(call, HostFunctionError))).to.be.instanceOf(DeadlockError);
        expect(await here.ot_call_callback(() => there.ot_call_callback((n) => n + 3, 1), 1)).to.equal(3);
        await expectClean(pool);
      } finally {
        await other.close({ timeout: 2_000 });
      }
    });
  });
});

onCallbackEngines('a host function that reads a stream (M31)', (engine) => {
  it('and calls the pool meanwhile, is a deadlock where there is no lane left', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const read = async (): Promise<number> => {
        for await (const _ of lib.ot_stream_chunks.stream(1_000, 10)) await lib.ot_add(1, 2);
        return 1;
      };
      const error = await rejection(lib.ot_call_callback(read, 2), HostFunctionError);
      expect(root(error)).to.be.instanceOf(DeadlockError);
      await until(() => pool.stats().running === 0, 'the stream that was left');
      await expectClean(pool);
    });
  });
});

onCallbackEngines('a host function that blocks for longer than it may (M22)', (engine) => {
  it('is late, although it has answered', async () => {
    await withTalk(engine, { hostTimeout: 20 }, async (lib) => {
      const slow = (n: number): number => {
        const end = performance.now() + 40;
        while (performance.now() < end);
        return n;
      };
      const error = await rejection(lib.ot_call_callback(slow, 3), CallTimeoutError);
      expect(error.code).to.equal('OFFTHREAD_HOST_FUNCTION_TIMEOUT');
    });
  });
});

onCallbackEngines('blocking calls of readers and handlers (M31)', (engine) => {
  it('beside a stream that waits for this thread are a deadlock where there is no other lane', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      let first = true;
      for await (const chunk of lib.ot_stream_chunks.stream(1_000, 10)) {
        if (first) thrown(() => lib.ot_add.blocking(1, 2), DeadlockError);
        first = false;
        if (chunk[0] === 90) break;
      }
      expect(lib.ot_add.blocking(1, 2)).to.equal(3);
      await expectClean(pool);
    });
  });

  it('do not bring a handler the next chunk before it is done with the last', async () => {
    await withTalk(engine, { lanes: 2 }, async (lib, pool) => {
      const order: string[] = [];
      const onChunk = (chunk: Buffer): void => {
        order.push(`in ${chunk[0]}`);
        expect(lib.ot_add.blocking(1, 2)).to.equal(3);
        order.push(`out ${chunk[0]}`);
      };
      expect(await lib.ot_stream_chunks.with({ onChunk })(200, 10)).to.equal(200);
      const expected = Array.from({ length: 200 }, (_, i) => [`in ${i}`, `out ${i}`]).flat();
      expect(order).to.deep.equal(expected);
      await expectClean(pool);
    });
  });

  it('of a handler that needs the lane of its own stream fail that stream, at once', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const onChunk = (): unknown => lib.ot_add.blocking(1, 2);
      const error = await rejection(lib.ot_stream_chunks.with({ onChunk })(1_000, 10), HostFunctionError);
      expect(root(error)).to.be.instanceOf(DeadlockError);
      thrown(() => lib.ot_stream_chunks.with({ onChunk }).blocking(1_000, 10), HostFunctionError);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('the event loop (M20)', (engine) => {
  /** Work of some µs, so that a thousand of them are more than a turn should take. */
  const work = (): void => {
    const end = performance.now() + 0.02;
    while (performance.now() < end);
  };

  slow(
    'turns while chunks come faster than they are read, and while native code asks without waiting',
    async () => {
      await withTalk(engine, {}, async (lib) => {
        const busy: readonly (() => Promise<unknown>)[] = [
          async () => {
            for await (const _ of lib.ot_stream_chunks.stream(10_000, 16)) work();
          },
          () => lib.ot_stream_chunks.with({ onChunk: work })(10_000, 16),
          () => lib.ot_stream_chunks.with({ onChunk: async () => work() })(10_000, 16),
          () => lib.ot_notify(work, 10_000),
          () => lib.ot_call_callback((n) => (work(), n & 1), 5_000),
        ];
        for (const [index, run] of busy.entries()) {
          let over = false;
          let count = 0;
          const turning = (): void => {
            count += 1;
            if (!over) setImmediate(turning);
          };
          turning();
          await run();
          over = true;
          expect(count, `turns while ${index} ran`).to.be.greaterThan(8);
        }
      });
    },
  );
});

onCallbackEngines('what may be thrown (M14)', (engine) => {
  it('is anything: what cannot be read is a failure of the call as well', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const unreadable = Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('not for you');
      },
    });
    const strange = Object.assign(new Error('x'), { message: Symbol('s') });
    await withTalk(engine, {}, async (lib, pool) => {
      for (const evil of [proxy, unreadable, strange] as Error[]) {
        const throws = (): never => {
          throw evil;
        };
        for (const call of [
          lib.ot_call_callback(throws, 2),
          lib.ot_call_callback(() => Promise.reject(evil), 2),
          lib.ot_stream_chunks.with({ onChunk: throws })(5, 5),
          lib.ot_stream_chunks.with({ onChunk: () => Promise.reject(evil) })(5, 5),
        ]) {
          expect((await rejection(call, HostFunctionError)).cause === evil, 'the very value').to.equal(true);
        }
      }
      const waiting = lib.ot_call_callback(() => new Promise<number>(() => {}), 2);
      await until(() => waiting.state === 'running', 'the call to run');
      waiting.cancel(strange);
      expect((await waiting.settled()).status).to.equal('cancelled');
      await expectClean(pool);
    });
  });
});

onCallbackEngines('chunks that nobody reads after native code has returned', (engine) => {
  it('are kept until nobody has read one for as long as the call might have run', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const stream = lib.ot_stream_chunks.with({ timeout: 60 }).stream(5, 8);
      await until(() => pool.stats().running === 0, 'native code to return');
      expect(stream.result.state).to.equal('running');
      await turns(3);
      await rejection(stream.result, CallTimeoutError);
      expect(await stream.ended()).to.equal('timed-out');
      await expectClean(pool);
    });
  });
});

onCallbackEngines('the async context (M25)', (engine) => {
  it('of a host function and a handler is that of whoever made the call', async () => {
    const scope = new AsyncLocalStorage<number>();
    await withTalk(engine, { lanes: 3 }, async (lib) => {
      const strangers: unknown[] = [];
      const look = (own: number): void => {
        if (scope.getStore() !== own) strangers.push([own, scope.getStore()]);
      };
      const request = async (own: number): Promise<void> => {
        await lib.ot_call_callback(async (n) => {
          look(own);
          await turns(1);
          look(own);
          return n;
        }, 3);
        await lib.ot_stream_chunks.with({ onChunk: () => look(own) })(5, 10);
        for await (const _ of lib.ot_stream_chunks.stream(5, 10)) look(own);
      };
      await Promise.all(Array.from({ length: 60 }, (_, own) => scope.run(own, request, own)));
      expect(strangers).to.deep.equal([]);
    });
  });

  it('of a persistent callback is where it was made', async () => {
    const scope = new AsyncLocalStorage<string>();
    await withTalk(engine, {}, async (lib) => {
      const seen: unknown[] = [];
      using kept = scope.run('made here', () => persistent((n: number) => (seen.push(scope.getStore()), n)));
      await scope.run('called here', () => lib.ot_call_callback(kept, 2));
      expect(seen).to.deep.equal(['made here', 'made here']);
    });
  });
});
