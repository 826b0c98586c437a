/** M7, M16: trampolines, functions, lanes: nothing of a call with callbacks is left, however it ended. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import koffi from 'koffi';
import { callback, CallTimeoutError, chunks, type EngineName, persistent, type Pool } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { Gate, openGates } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import {
  BYTES,
  CHUNK,
  collect,
  expectClean,
  Held,
  NUMBER,
  onCallbackEngines,
  onCallbackThreads,
} from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const TALK = {
  ...OFFTEST,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_callback_address: { arguments: [callback(NUMBER)], return: 'pointer' },
  ot_interleave: { arguments: [callback(NUMBER), callback(NUMBER), 'i32'], return: 'i32' },
  ot_call_then_wait: { arguments: [callback(NUMBER), 'buffer', 'buffer', 'i32'], return: 'i32' },
  ot_keep_callback: { arguments: [callback(NUMBER)], return: 'void' },
  ot_keep_probe: { arguments: ['cancelProbe'], return: 'void' },
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
} as const;
const withTalk = withLibrary(TALK);
const open = (pool: Pool, engine: EngineName) => pool.open(testlib, TALK, { engine });

/** Trampolines of the whole process, as koffi counts them; node:ffi does not tell. */
const registered = (): number => koffi.stats().callbacks;

/** Lanes end a moment after their pool is closed. */
async function expectNoMoreThan(before: number): Promise<void> {
  await until(() => registered() <= before, `${before} trampolines, not ${registered()}`);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

onCallbackThreads('trampolines (M7)', (engine) => {
  slow('10,000 calls in lanes that come and go leave none', async function () {
    this.timeout(90_000);
    const before = registered();
    const addresses = new Set<bigint>();
    for (let round = 0; round < 20; round++) {
      const pool = createPool({ lanes: 2, grace: 5 });
      const lib = await open(pool, engine);
      const gate = new Gate();
      const hold = lib.ot_call_then_wait.with({ timeout: 20 });
      const stuck = rejection(
        hold((n) => n, gate.entered, gate.release, 6_000),
        CallTimeoutError,
      );
      for (let batch = 0; batch < 5; batch++) {
        const calls = Array.from({ length: 50 }, (_, i) => [
          lib.ot_callback_address(() => i).then((address) => addresses.add(address).size),
          lib
            .ot_interleave(
              async (n) => n + i,
              (n) => n,
              2,
            )
            .then((sum) => expect(sum).to.equal(2 * i)),
        ]).flat();
        await Promise.all(calls);
      }
      await stuck;
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect(pool.stats()).to.include({ lanesLost: 1, timedOut: 1, running: 0, queued: 0 });
      await pool.close();
    }
    // Trampolines that were each given back are few addresses, used again.
    expect(addresses.size, 'addresses of 5,000 trampolines').to.be.within(1, 2_500);
    await expectNoMoreThan(before);
  });

  it('a pool that was closed with everything in use leaves none', async () => {
    const before = registered();
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const kept = persistent((n: number) => n);
      await lib.ot_keep_callback(kept);
      await lib.ot_keep_probe();
      const stream = lib.ot_stream_chunks.stream(1_000_000, 10);
      await stream[Symbol.asyncIterator]().next();
      if (engine === 'koffi') expect(registered(), 'they are counted').to.be.greaterThan(before);
      await pool.close({ timeout: 0 });
    });
    await expectNoMoreThan(before);
  });

  slow('a pool that was destroyed while host functions were awaited leaves none', async () => {
    const before = registered();
    for (let round = 0; round < 5; round++) {
      const pool = createPool({ lanes: 2 });
      const lib = await open(pool, engine);
      const held = new Held();
      const ends = [0, 1, 2].map(() => lib.ot_call_callback(held.ask, 2).settled());
      await held.waiting(2);
      await pool.destroy();
      for (const { status } of await Promise.all(ends)) expect(status).to.not.equal('succeeded');
    }
    await expectNoMoreThan(before);
  });

  it('a pool that was destroyed while native code was stuck leaves none once that is back', async () => {
    const before = registered();
    const pool = createPool({ lanes: 1, grace: 10 });
    const lib = await open(pool, engine);
    const gate = new Gate();
    const end = lib.ot_call_then_wait((n) => n, gate.entered, gate.release, 8_000).settled();
    await gate.inside();
    await pool.destroy();
    expect((await end).kind).to.be.oneOf(['closed', 'channel-closed']);
    openGates();
    await expectNoMoreThan(before);
  });

  it('1,000 streams that were left leave none', async () => {
    const before = registered();
    await withTalk(engine, { lanes: 2, maxQueue: 2_000, grace: 8_000 }, async (lib, pool) => {
      const leave = async (at: number): Promise<void> => {
        for await (const chunk of lib.ot_stream_chunks.stream(50, 10)) if (chunk[0] === at) break;
      };
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => leave(i % 60)));
      await expectClean(pool);
      expect(registered() - before, 'of 1,000 streams').to.be.below(100);
    });
    await expectNoMoreThan(before);
  });
});

onCallbackEngines('what the host keeps (M7)', (engine) => {
  it('functions are let go when their call is over, chunks when they were read', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const functions: WeakRef<object>[] = [];
      const buffers: WeakRef<object>[] = [];
      const call = async (way: number): Promise<void> => {
        const answer = async (n: number): Promise<number> => {
          if (way === 1) throw new Error('on purpose');
          return n;
        };
        functions.push(new WeakRef(answer));
        const running = lib.ot_call_callback(answer, 3);
        if (way === 2) running.cancel();
        await running.settled();
        for (const chunk of await collect(lib.ot_stream_chunks.stream(2, 5_000))) {
          buffers.push(new WeakRef(chunk));
        }
      };
      for (let i = 0; i < 60; i++) await call(i % 3);
      const left = (refs: WeakRef<object>[]): number =>
        refs.filter((ref) => ref.deref() !== undefined).length;
      await until(() => {
        collectGarbage();
        return left(functions) <= 2 && left(buffers) <= 4;
      }, 'the functions and the chunks to be collected');
      await expectClean(pool);
    });
  });

  it('a host function that never settles is let go when its time is over', async () => {
    await withTalk(engine, { hostTimeout: 5, grace: 8_000 }, async (lib) => {
      const refs: WeakRef<object>[] = [];
      const call = async (): Promise<void> => {
        const never = (): Promise<number> => new Promise(() => {});
        refs.push(new WeakRef(never));
        await lib.ot_call_callback(never, 1).settled();
      };
      for (let i = 0; i < 20; i++) await call();
      await until(() => {
        collectGarbage();
        return refs.filter((ref) => ref.deref() !== undefined).length <= 2;
      }, 'the functions to be collected');
    });
  });

  it('callbacks leave no timer and no port', async () => {
    const count = (): number =>
      process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length;
    await withTalk(engine, {}, async (lib) => {
      await lib.ot_call_callback(async (n) => n, 2);
      const before = count();
      for (let i = 0; i < 500; i++) await lib.ot_call_callback(async (n) => n, 2);
      for (let i = 0; i < 50; i++) await collect(lib.ot_stream_chunks.stream(5, 10));
      expect(count()).to.be.at.most(before + 3);
    });
  });
});
