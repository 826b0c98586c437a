/** M35: what a run leaves behind when it ends early: of the caller's functions, of its source, and of what waits. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { CallCancelledError, ItemsError, PoolClosedError } from 'offthread';
import { onEveryEngine, rejection, withPool } from '../../helpers/contract.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until, wait } from '../../helpers/waiting.js';

const FUNCTIONS = {
  same: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32' },
  not0: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32', fails: 'nonzero' },
} as const;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const never = (): Promise<never> => new Promise(() => {});

onEveryEngine('the ends of runs over many items (M35)', (engine) => {
  it('a signal tells functions of the caller that their run has ended, and of what', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const reasons: unknown[] = [];
      let begun = 0;
      const untilAborted = (signal: AbortSignal): Promise<never> =>
        new Promise((_resolve, reject) => {
          begun += 1;
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(signal.reason as Error);
          });
        });
      const cancelled = pool.map((_item, _index, signal) => untilAborted(signal), numbers(50), {
        concurrency: 20,
      });
      const all = rejection(cancelled.toArray(), CallCancelledError);
      await until(() => begun === 20, 'twenty items');
      cancelled.cancel('enough');
      expect((await all).message).to.match(/enough, after 0 items/);
      expect(reasons).to.have.length(20);
      expect(new Set(reasons).size).to.equal(1);
      expect(reasons[0]).to.be.instanceOf(CallCancelledError);
      reasons.length = 0;
      begun = 0;
      const failing = pool.map(
        async (item, _index, signal) => {
          if (item !== 2) return untilAborted(signal);
          throw new Error('two');
        },
        numbers(8),
        { concurrency: 4 },
      );
      expect((await rejection(failing.toArray(), ItemsError)).index).to.equal(2);
      expect(reasons.map((reason) => (reason as ItemsError).index)).to.deep.equal([2, 2, 2].slice(0, begun));
      const whole = pool.map((item, _index, signal) => [item, signal.aborted], [1, 2]);
      expect(await whole.toArray()).to.deep.equal([
        [1, false],
        [2, false],
      ]);
    });
  });

  it('functions of the caller that never end are given up after the grace, and what they bring then is dropped', async () => {
    await withPool(engine, { lanes: 1, grace: 40 }, async (_, pool) => {
      let release: (value: number) => void = () => {};
      const late = new Promise<number>((resolve) => (release = resolve));
      const run = pool.map((item) => (item === 0 ? late : never()), counting());
      const all = rejection(run.toArray(), CallCancelledError);
      await until(() => run.progress.elapsedMs > 0, 'the run to begin');
      run.cancel();
      await all;
      release(7);
      await late;
      expect(run.finished).to.deep.equal([]);
      expect(run.progress).to.include({ done: 0, failed: 0 });
      for await (const one of pool.map((item) => (item < 3 ? item : never()), counting())) {
        if (one === 2) break;
      }
    });
  });

  it('whoever leaves a loop goes on when the source has been left, unless it waits for its next item', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      let left = 0;
      let pulled = 0;
      const source = async function* (end: number): AsyncGenerator<number> {
        try {
          for (let i = 0; i < end; i++) {
            pulled += 1;
            yield i;
          }
          await never();
        } finally {
          await wait(30);
          left += 1;
        }
      };
      for await (const one of pool.map((item) => item, source(Infinity))) {
        if (one < 20) continue;
        // Its window is full: nobody asks the source for more.
        for (let before = 0; before !== pulled; await turns(5)) before = pulled;
        break;
      }
      expect(left).to.equal(1);
      for await (const one of pool.map(lib.same, source(5))) if (one === 4) break;
      expect(left).to.equal(1);
    });
  });

  it('a pool that closes does not wait for items that wait to be run again, and says what had come', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const attempts = { native: { attempts: 4, delay: 60_000 } };
      const run = pool.map(lib.not0, [0, 0, 1, 0], { attempts });
      const all = rejection(run.toArray(), PoolClosedError);
      await until(() => run.progress.done === 3, 'the other items');
      await pool.close();
      const error = await all;
      expect(error.message).to.match(/run of not0 was stopped; 3 items had succeeded and 0 failed/);
      expect(error.cause).to.be.instanceOf(PoolClosedError);
      expect(run.finished.map(({ index }) => index)).to.deep.equal([0, 1, 3]);
    });
  });

  it('a pool that closes does not wait for the next item of a source', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      let left = false;
      const source = async function* (): AsyncGenerator<number> {
        try {
          yield 1;
          yield 2;
          await never();
        } finally {
          left = true;
        }
      };
      const run = pool.map(lib.same, source());
      const reader = run[Symbol.asyncIterator]();
      expect([await reader.next(), await reader.next()].map(({ value }) => value as unknown)).to.deep.equal([
        1, 2,
      ]);
      const next = rejection(reader.next(), PoolClosedError);
      await pool.close();
      expect((await next).message).to.match(/2 items had succeeded/);
      expect(left, 'nobody can leave it while it waits').to.equal(false);
    });
  });

  it('the end of the pool is that of runs over functions of the caller, too', async () => {
    const waiting = async function* (): AsyncGenerator<number> {
      yield 1;
      await never();
    };
    const closed = async (run: Promise<unknown>): Promise<void> => {
      expect((await rejection(run, PoolClosedError)).message).to.match(/^A run of/);
    };
    for (const end of ['close', 'destroy'] as const) {
      await withPool(engine, { lanes: 1, grace: 20 }, async (_, pool) => {
        const lib = await pool.open(testlib, FUNCTIONS, { engine });
        let aborted = 0;
        const stuck = (_item: number, _index: number, signal: AbortSignal): Promise<never> => {
          signal.addEventListener('abort', () => (aborted += 1));
          return never();
        };
        const source = pool.map((item) => lib.same(item), waiting());
        const again = pool.map(async (item: number) => lib.not0(item), [0, 3, 0], {
          attempts: { native: { attempts: 4, delay: 60_000 } },
        });
        const ends = [source, again].map((run) => closed(run.toArray()));
        await until(() => source.progress.done === 1 && again.progress.done === 2, 'the other items');
        const under = pool.map(stuck, [1, 2, 3]);
        if (end === 'destroy') ends.push(closed(under.toArray()));
        else under.cancel();
        await pool[end]();
        await Promise.all(ends);
        expect(aborted).to.equal(end === 'destroy' ? 3 : 0);
        // None begins afterwards.
        await closed(pool.map(lib.same, waiting()).toArray());
        await closed(pool.map((item) => item, counting()).toArray());
        await closed(pool.map(lib.same, []).toArray());
      });
    }
  });

  it('a run whose items are all over when its pool closes has succeeded', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      let release: (value: number) => void = () => {};
      const last = new Promise<number>((resolve) => (release = resolve));
      const two = function* (): Generator<number> {
        yield 0;
        yield 1;
      };
      const run = pool.map((item) => (item === 0 ? item : last), two(), { concurrency: 2 });
      const all = run.toArray();
      await until(() => run.progress.done === 1, 'the first item');
      const closing = pool.close();
      release(7);
      expect(await all).to.deep.equal([0, 7]);
      await closing;
    });
  });

  it('cancelAll cancels runs, whether anything of them is under way or not', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const source = async function* (): AsyncGenerator<number> {
        yield 1;
        await never();
      };
      const runs = [pool.map(lib.same, source()), pool.map((item) => item, source())];
      const ends = runs.map((run) => rejection(run.toArray(), CallCancelledError));
      await until(() => runs.every(({ progress }) => progress.done === 1), 'the first items');
      pool.cancelAll('for today');
      for (const { message } of await Promise.all(ends)) expect(message).to.match(/for today, after 1 items/);
      expect(await pool.map(lib.same, [1]).toArray()).to.deep.equal([1]);
    });
  });

  it('whatever nobody has been given is there when it has ended: with toArray, or in `finished`', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      for (const fn of [lib.same, (item: number): number => item]) {
        for (const ordered of [true, false]) {
          // No more than are pulled ahead, however slow the machine is.
          const late = pool.map(fn as (item: number) => number, numbers(4), { ordered });
          const reader = late.entries();
          const read = [(await reader.next()).value as [number, number]];
          await until(() => late.progress.done === 4, 'all items');
          // Longer than a run keeps the event loop.
          await wait(30);
          const rest = await late.toArray();
          expect(
            [...read.map(([, value]) => value), ...rest].toSorted((one, other) => one - other),
          ).to.deep.equal(numbers(4));
          const left = pool.map(fn as (item: number) => number, numbers(2_000), { ordered });
          let given = 0;
          for await (const _one of left) {
            given += 1;
            if (given === 3) await until(() => left.progress.done > 5, 'more items');
            if (given === 4) break;
          }
          expect(left.finished).to.have.length(left.progress.done - given);
          const indices = left.finished.map(({ index }) => index);
          expect(indices).to.deep.equal([...new Set(indices)].toSorted((one, other) => one - other));
          for (const { index, value } of left.finished) expect(value).to.equal(index);
        }
      }
    });
  });

  it('an infinite grace waits for functions of the caller', async () => {
    await withPool(engine, { lanes: 1, grace: Infinity }, async (_, pool) => {
      let release: (value: number) => void = () => {};
      const last = new Promise<number>((resolve) => (release = resolve));
      const run = pool.map(() => last, [1]);
      let ended = false;
      const all = rejection(run.toArray(), CallCancelledError).finally(() => (ended = true));
      await turns(5);
      run.cancel();
      await wait(20);
      expect(ended).to.equal(false);
      release(7);
      await all;
      expect(run.finished).to.deep.equal([{ index: 0, value: 7 }]);
    });
  });

  slow('a run that nobody reads any more is not kept by its pool', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const sources: WeakRef<object>[] = [];
      for (let round = 0; round < 20; round++) {
        const items = {
          *[Symbol.iterator]() {
            yield* counting();
          },
        };
        sources.push(new WeakRef(items));
        const run = round % 2 === 0 ? pool.map(lib.same, items) : pool.map((item) => item, items);
        expect((await run[Symbol.asyncIterator]().next()).value).to.equal(0);
      }
      await until(() => {
        collectGarbage();
        return sources.filter((source) => source.deref() !== undefined).length < 3;
      }, 'the runs to be collected');
      expect(await pool.map(lib.same, [1]).toArray()).to.deep.equal([1]);
    });
  });

  slow('a run that somebody waits for is kept, and told of the end of its pool', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const source = async function* (): AsyncGenerator<number> {
        yield 1;
        await never();
      };
      const reading = async (): Promise<void> => {
        for await (const one of pool.map(lib.same, source())) expect(one).to.equal(1);
      };
      const ends = [
        pool.map(lib.same, source()).toArray(),
        pool.map(() => never(), [1]).toArray(),
        reading(),
      ];
      const all = Promise.all(ends.map((end) => rejection(end, PoolClosedError)));
      await turns(5);
      for (let i = 0; i < 3; i++) {
        collectGarbage();
        await wait(20);
      }
      await pool.destroy();
      await all;
    });
  });

  slow('failing items by the thousand leave the event loop to others', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const items = new Int32Array(20_000).fill(1);
      const onError = (): 'skip' => 'skip';
      for (const run of [
        () => pool.map(lib.not0, [...items], { onError }).toArray(),
        async () => pool.mapColumns(lib.not0, [items], null, { onError }),
      ]) {
        let turns = 0;
        let over = false;
        const turn = (): void => {
          turns += 1;
          if (!over) setImmediate(turn);
        };
        setImmediate(turn);
        const startedAt = performance.now();
        await run();
        over = true;
        // One batch takes 10 ms of this thread at most, once that is known; machines stand still now and then.
        expect(turns).to.be.above((performance.now() - startedAt) / 100);
      }
    });
  });
});

function* counting(): Generator<number> {
  for (let i = 0; ; i++) yield i;
}
