/** M35: what bad use gets: one clear error, the rest cancelled, nothing lost that had finished; nobody else is disturbed. */
import { expect } from 'chai';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  ItemsError,
  NativeError,
  PoolClosedError,
  race,
  StreamError,
} from 'offthread';
import { onEveryEngine, rejection, withPool } from '../../helpers/contract.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until } from '../../helpers/waiting.js';

const FUNCTIONS = {
  add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
  same: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32' },
  not0: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32', fails: 'nonzero' },
  promised: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32', fails: (async () => true) as never },
  sleep: { symbol: 'ot_sleep_ms', arguments: ['i32'], return: 'i32' },
  echo: { symbol: 'ot_echo_owned', arguments: ['cstring'], return: { cstring: { free: 'ot_free' } } },
} as const;
const skip = { onError: 'skip' } as const;
function* counting(): Generator<number> {
  for (let i = 0; ; i++) yield i;
}
/** A function of the caller's that never needs a lane. */
const fails = async (): Promise<never> => {
  throw new Error('this item');
};

onEveryEngine('runs over many items, badly used (M35)', (engine) => {
  it('columns that are detached while their run goes on: it fails, and everybody else goes on', async () => {
    await withPool(engine, { lanes: 1 }, async (own, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      for (let round = 0; round < 4; round++) {
        const ms = new Int32Array(50).fill(2);
        const run = pool.mapColumns(lib.sleep, { ms });
        await until(() => run.progress.done > 0, 'the first item');
        structuredClone(ms.buffer, { transfer: [ms.buffer] });
        const error = await rejection(run, ArgumentError);
        expect(error.message).to.match(/detached/);
      }
      expect(await pool.map(lib.same, [1, 2, 3]).toArray()).to.deep.equal([1, 2, 3]);
      expect((await pool.mapColumns(lib.same, [Int32Array.of(4)])).out[0]).to.equal(4);
      expect(await own.ot_add(1, 2)).to.equal(3);
    });
  });

  it('items that throw when they are looked at have failed, and no others', async () => {
    await withPool(engine, { lanes: 2 }, async (own, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const trap = new Proxy([1, 2], {
        get() {
          throw new Error('trap');
        },
      });
      const revoked = Proxy.revocable([], {});
      revoked.revoke();
      const items: [number, number][] = Array.from({ length: 3_000 }, (_, i) => [i, 1]);
      items[1_500] = trap as [number, number];
      items[2_999] = revoked.proxy as never;
      const asked: number[] = [];
      const run = pool.map(lib.add, items, {
        onError: (error, _item, index) => {
          expect((error as Error).message).to.match(/could not be read/);
          asked.push(index);
          return 'skip';
        },
      });
      const all = await run.toArray();
      expect(asked.toSorted((a, b) => a - b)).to.deep.equal([1_500, 2_999]);
      expect(all).to.deep.equal(items.flatMap((_, i) => (i === 1_500 || i === 2_999 ? [] : [i + 1])));
      const getter = Array.from({ length: 2_000 }, (_, i) => i);
      Object.defineProperty(getter, 1_000, {
        get() {
          throw new Error('getter');
        },
      });
      expect(await pool.map(lib.same, getter, skip).toArray()).to.have.length(1_999);
      const length = new Proxy([1, 2, 3], {
        get(target, key) {
          if (key === 'length') throw new Error('length');
          return Reflect.get(target, key) as unknown;
        },
      });
      expect(() => pool.map(lib.same, length)).to.throw('length');
      expect(await own.ot_add(1, 2)).to.equal(3);
    });
  });

  it('errors that throw when they are looked at are failures like others', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const hostile = new Proxy(new Error('h'), {
        getPrototypeOf() {
          throw new Error('prototype');
        },
      });
      for (const attempts of [2, { other: 2, native: 3 }]) {
        let tries = 0;
        const fn = (item: number): unknown => {
          tries += 1;
          return item === 1 ? Promise.reject(hostile) : item;
        };
        const run = pool.map(fn, [1, 2], { attempts, onError: 'skip' });
        expect(await run.toArray()).to.deep.equal([2]);
        expect([tries, run.progress.failed]).to.deep.equal([3, 1]);
      }
    });
  });

  slow('an item that was too slow, and came back by itself, is the one that has failed', async () => {
    await withPool(engine, { lanes: 1, grace: 5_000 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const slow = lib.sleep.with({ timeout: 150 });
      for (const [count, at] of [
        [40, 12],
        [13, 12],
        [2, 1],
      ] as const) {
        const ms = new Int32Array(count);
        ms[at] = 600;
        const { done, failed, failures, out } = await pool.mapColumns(
          slow,
          { ms },
          new Int32Array(count).fill(-7),
          skip,
        );
        expect({ done, failed, index: failures[0]?.index }).to.deep.equal({
          done: count - 1,
          failed: 1,
          index: at,
        });
        expect(failures[0]?.error).to.be.instanceOf(CallTimeoutError);
        expect([...out].filter((value, i) => i !== at && value !== 0)).to.deep.equal([]);
        const asked: unknown[] = [];
        const all = await pool
          .map(slow, [...ms], {
            onError: (_error, item, index) => (asked.push([item, index]), { value: -1 }),
          })
          .toArray();
        expect(asked).to.deep.equal([[600, at]]);
        expect(all).to.deep.equal([...ms].map((_value, i) => (i === at ? -1 : 0)));
      }
    });
  });

  for (const end of ['close', 'destroy'] as const) {
    it(`${end} ends a run that leaves failures out, whatever it runs, and lets timers run meanwhile`, async () => {
      await withPool(engine, { lanes: 2 }, async (_, pool) => {
        const lib = await pool.open(testlib, FUNCTIONS, { engine });
        const texts = function* (): Generator<string> {
          for (;;) yield 'text';
        };
        const read = async (run: AsyncIterable<unknown>): Promise<unknown> => {
          try {
            for await (const one of run) void one;
          } catch (error) {
            return error;
          }
          return undefined;
        };
        const calling = read(pool.map(async (i: number) => lib.add(i, 1), counting(), skip));
        const native = read(pool.map(lib.echo, texts(), { onError: () => ({ value: '' }) }));
        await until(() => pool.stats().succeeded > 20, 'some calls');
        const alone = pool.map(fails, counting(), skip);
        const looping = read(alone);
        let timer = false;
        setTimeout(() => (timer = true), 5);
        await until(() => timer && alone.progress.failed > 1_000, 'a timer beside items that need no lane');
        await (end === 'close' ? pool.close({ timeout: 50 }) : pool.destroy());
        for (const ended of [await native, await calling, await looping]) {
          expect(
            ended instanceof PoolClosedError || ended instanceof CallCancelledError,
            String(ended),
          ).to.equal(true);
        }
      });
    });
  }

  it('the source is not pulled far ahead of an item that takes long, when all others are left out', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      let pulled = 0;
      const source = function* (): Generator<number> {
        for (; ; pulled++) yield pulled;
      };
      let release: () => void = () => {};
      const first = new Promise<void>((resolve) => (release = resolve));
      const run = pool.map((i: number) => (i === 0 ? first : fails()), source(), skip);
      const reading = run[Symbol.asyncIterator]();
      const one = reading.next();
      await turns(200);
      expect(pulled).to.be.at.most(40);
      release();
      expect((await one).done).to.equal(false);
      // It is pulled as long as somebody waits for a result.
      const never = reading.next();
      await until(() => pulled > 200, 'the source to go on');
      await reading.return?.();
      expect((await never).done).to.equal(true);
    });
  });

  it('what had finished can be had, however the run ended', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const items = Array.from({ length: 30_000 }, () => 0);
      items[20_000] = 1;
      for (const ordered of [true, false]) {
        const run = pool.map(lib.not0, items, { ordered });
        const error = await rejection(run.toArray(), ItemsError);
        expect(error.index).to.equal(20_000);
        expect(run.finished).to.have.length(error.done);
        expect(new Set(run.finished.map(({ index }) => index)).size).to.equal(error.done);
        await rejection(run.toArray(), StreamError);
      }
      const whole = pool.map(lib.same, [1, 2]);
      expect(await whole.toArray()).to.deep.equal([1, 2]);
      expect(whole.finished).to.deep.equal([]);
      await rejection(whole.toArray(), StreamError);
      const columns = pool.mapColumns(lib.sleep, { ms: new Int32Array(5_000).fill(1) });
      await until(() => columns.progress.done > 3, 'some items');
      columns.cancel();
      await rejection(columns, CallCancelledError);
      const finished = [...(columns.out as Int32Array)].filter((value) => value === 1);
      expect(finished.length).to.be.at.least(columns.progress.done);
    });
  });

  it('failures are counted where the number of items is not known', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const some = function* (): Generator<number> {
        for (let i = 0; i < 300; i++) yield Number(i % 10 === 9);
      };
      const none = pool.map(lib.not0, some(), { ...skip, maxFailures: 0 });
      expect((await rejection(none.toArray(), ItemsError)).code).to.equal('OFFTHREAD_TOO_MANY_FAILURES');
      const share = pool.map(lib.not0, some(), { ...skip, maxFailures: 0.05 });
      expect((await rejection(share.toArray(), ItemsError)).code).to.equal('OFFTHREAD_TOO_MANY_FAILURES');
      expect(share.finished).to.have.length(270);
      const cause = await rejection(
        pool.map(lib.not0, some(), { ...skip, maxFailures: 0.05 }).toArray(),
        ItemsError,
      );
      expect(cause.cause).to.be.instanceOf(NativeError);
      expect(await pool.map(lib.not0, some(), { ...skip, maxFailures: 0.1 }).toArray()).to.have.length(270);
    });
  });

  it('a run that its own function or source cancels is over, with all that it began, and its source is closed', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      let closed = 0;
      const source = function* (): Generator<number> {
        try {
          for (let i = 0; ; i++) {
            if (i === 5) bySource.cancel('by the source');
            yield i;
          }
        } finally {
          closed += 1;
        }
      };
      const bySource = pool.map(lib.same, source());
      await rejection(bySource.toArray(), CallCancelledError);
      expect(closed).to.equal(1);
      const byFunction = pool.map((_item: number) => {
        byFunction.cancel('by the function');
        // Native code that no thread lane can end: short, for ffi-rs opens nothing meanwhile.
        return lib.sleep(800);
      }, counting());
      await rejection(byFunction.toArray(), CallCancelledError);
      expect(pool.stats().running + pool.stats().queued).to.equal(0);
    });
  });

  it('a run over columns that loses a race is cancelled', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const ms = new Int32Array(60_000).fill(1);
      for (const given of [true, false]) {
        const run = pool.mapColumns(lib.sleep, { ms });
        expect(await race([given ? run : () => run, () => 7])).to.equal(7);
        await rejection(run, CallCancelledError);
      }
    });
  });

  it('goes on in a pool whose queue is short, and as many at once as was asked for', async function () {
    // Once in some hundred runs, the pool counts a call as queued that is about to be dispatched, and refuses the next.
    this.retries(2);
    await withPool(engine, { lanes: 2, maxQueue: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      expect(await pool.map(lib.echo, Array<string>(50).fill('a')).toArray()).to.have.length(50);
    });
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      let running = 0;
      let most = 0;
      const run = pool.map(
        async () => {
          most = Math.max(most, (running += 1));
          await turns(1);
          running -= 1;
        },
        Array.from({ length: 200 }, (_value, i) => i),
        { concurrency: 50 },
      );
      await run.toArray();
      expect(most).to.equal(50);
    });
  });

  it('handlers that answer with promises: one that fails ends the run, none is waited for', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const unhandled: unknown[] = [];
      const listener = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', listener);
      try {
        const onError = async (): Promise<never> => {
          throw new Error('later');
        };
        const codes: string[] = [];
        const fail = async (run: Promise<unknown>): Promise<void> => {
          codes.push((await rejection(run, ItemsError)).code);
        };
        await fail(pool.map(lib.not0, [0, 1], { onError: onError as never }).toArray());
        await fail(
          Promise.resolve(pool.mapColumns(lib.not0, [Int32Array.of(1)], null, { onError: onError as never })),
        );
        await fail(pool.map(lib.promised, [1, 2]).toArray());
        expect(codes).to.deep.equal([
          'OFFTHREAD_HANDLER_FAILED',
          'OFFTHREAD_HANDLER_FAILED',
          'OFFTHREAD_ITEM_FAILED',
        ]);
        let told = 0;
        const onProgress = async (): Promise<never> => {
          told += 1;
          throw new Error('progress');
        };
        await fail(pool.map(lib.sleep, Array<number>(3_000).fill(1), { onProgress }).toArray());
        expect(told).to.be.at.least(1);
        expect(codes.at(-1)).to.equal('OFFTHREAD_HANDLER_FAILED');
        await turns(1);
        expect(unhandled).to.deep.equal([]);
      } finally {
        process.off('unhandledRejection', listener);
      }
    });
  });

  it('sources that say something else than they have, or answer nonsense', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const claims = (size: number): Iterable<number> & { size: number } => ({
        size,
        *[Symbol.iterator]() {
          for (let i = 0; i < 500; i++) yield i;
        },
      });
      for (const size of [3, 10_000]) {
        const run = pool.map(lib.same, claims(size), {
          onProgress: ({ remainingMs, total, done }) => {
            expect(remainingMs ?? 0).to.be.at.least(0);
            expect(total ?? Infinity).to.be.at.least(done);
          },
        });
        expect(await run.toArray()).to.have.length(500);
        expect(run.progress).to.include({ total: 500, remainingMs: 0 });
      }
      const nonsense = { [Symbol.iterator]: () => ({ next: () => 5 as never }) } as Iterable<number>;
      const error = await rejection(pool.map(lib.same, nonsense).toArray(), ItemsError);
      expect(error.code).to.equal('OFFTHREAD_SOURCE_FAILED');
    });
  });

  it('columns that would be overwritten, and what is for single calls, are refused', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const memory = new Int32Array(12);
      const [column, shifted] = [memory.subarray(0, 10), memory.subarray(1, 11)];
      const error = await rejection(pool.mapColumns(lib.same, { column }, shifted), ArgumentError);
      expect(error.message).to.match(/`column` and `out` overlap/);
      expect((await pool.mapColumns(lib.same, { column }, column)).done).to.equal(10);
      expect(
        (await pool.mapColumns(lib.same, { column: memory.subarray(0, 6) }, memory.subarray(6))).done,
      ).to.equal(6);
      for (const options of [{ deadline: 100 }, { attempts: 2 }]) {
        const refused = await rejection(pool.mapColumns(lib.same.with(options), { column }), ArgumentError);
        expect(refused.message).to.match(/single calls/);
      }
      class Odd extends Int32Array {
        static get [Symbol.species](): never {
          return Float64Array as never;
        }
      }
      expect([...(await pool.mapColumns(lib.same, { odd: new Odd([1, 2, 3]) })).out]).to.deep.equal([
        1, 2, 3,
      ]);
      const gone = new Int32Array(4);
      structuredClone(gone.buffer, { transfer: [gone.buffer] });
      const detached = await rejection(pool.mapColumns(lib.same, { gone }), ArgumentError);
      expect(detached.message).to.match(/detached/);
    });
  });
});
