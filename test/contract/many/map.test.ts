/** M35: a function over items of any length and kind, on every engine and lane. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  ArgumentError,
  CallCancelledError,
  ItemsError,
  LaneCrashedError,
  type MapOptions,
  NativeError,
  OffthreadError,
  PoolClosedError,
} from 'offthread';
import {
  contractEngines,
  describeOn,
  onEveryEngine,
  rejection,
  sharedLab,
  withPool,
} from '../../helpers/contract.js';
import { createPool } from '../../helpers/lane-kind.js';
import { testlib } from '../../helpers/testlib.js';
import { turns, until, wait } from '../../helpers/waiting.js';

const FUNCTIONS = {
  add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
  not0: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32', fails: 'nonzero' },
  odd: { symbol: 'ot_id_u8', arguments: ['u8'], return: 'u8', fails: (value: number) => value % 2 === 1 },
  truth: { symbol: 'ot_id_bool', arguments: ['bool'], return: 'bool' },
  big: { symbol: 'ot_add_i64', arguments: ['i64', 'i64'], return: 'i64' },
  sleep: { symbol: 'ot_sleep_us', arguments: ['i32'], return: 'i32' },
  echo: { symbol: 'ot_echo_owned', arguments: ['cstring'], return: { cstring: { free: 'ot_free' } } },
} as const;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
function* numbers(count = Infinity): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}
async function* later(count: number, turn = 3): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (i % turn === 0) await turns(1);
    yield i;
  }
}
async function readAll<R>(results: AsyncIterable<R>): Promise<{ all: R[]; error: unknown }> {
  const all: R[] = [];
  try {
    for await (const one of results) all.push(one);
  } catch (error) {
    return { all, error };
  }
  return { all, error: undefined };
}

onEveryEngine('map (M35)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });
  const open = () => lab.pool.open(testlib, FUNCTIONS, { engine });

  it('over arrays, iterables and async iterables of any length: results in the order of the items', async () => {
    const lib = await open();
    for (const length of [0, 1, 2, 100, 20_000]) {
      const wanted = upTo(length).map((i) => i + i);
      const pairs = upTo(length).map((i) => [i, i] as const);
      expect(await lab.pool.map(lib.add, pairs).toArray()).to.deep.equal(wanted);
      expect(await lab.pool.map(lib.add, new Set(pairs)).toArray()).to.deep.equal(wanted);
      const single = lab.pool.map(lib.not0, new Int32Array(length));
      expect((await readAll(single)).all).to.deep.equal(upTo(length).map(() => 0));
    }
    expect(await lab.pool.map(lib.sleep, numbers(500)).toArray()).to.deep.equal(upTo(500));
    expect(await lab.pool.map(lib.sleep, later(500)).toArray()).to.deep.equal(upTo(500));
    expect(lab.pool.stats()).to.include({ queued: 0, running: 0 });
  });

  it('of values of every kind: truth values, bigints, texts', async () => {
    const lib = await open();
    expect(await lab.pool.map(lib.truth, [true, false, true]).toArray()).to.deep.equal([true, false, true]);
    expect(
      await lab.pool.map(lib.big, [[1n, 2n] as const, [2n ** 62n, 1n] as const]).toArray(),
    ).to.deep.equal([3n, 2n ** 62n + 1n]);
    const texts = upTo(200).map((i) => `text ${i}`);
    expect(await lab.pool.map(lib.echo, texts).toArray()).to.deep.equal(texts);
    expect(
      await lab.pool.map(lib.echo.with({ timeout: 5_000 }), texts, { concurrency: 3 }).toArray(),
    ).to.deep.equal(texts);
  });

  it('of any other function, sync or async: it gets the item and its index', async () => {
    const lib = await open();
    const sums = lab.pool.map((item: number, index: number) => lib.add(item, index), numbers(50));
    expect(await sums.toArray()).to.deep.equal(upTo(50).map((i) => 2 * i));
    expect(await lab.pool.map((text: string) => text.length, ['a', 'bc']).toArray()).to.deep.equal([1, 2]);
  });

  it('as they are there: each once, with its index', async () => {
    const lib = await open();
    const items = upTo(2_000).map((i) => (i % 500 === 0 ? 3_000 : i % 7));
    const seen = new Map<number, number>();
    for await (const [index, value] of lab.pool.map(lib.sleep, items, { ordered: false }).entries()) {
      expect(seen.has(index)).to.equal(false);
      seen.set(index, value);
    }
    expect(seen.size).to.equal(2_000);
    for (const [index, value] of seen) expect(value).to.equal(items[index]);
  });

  it('pulls no more than it works on: a reader that stands still, or goes, holds up the source', async () => {
    const lib = await open();
    for (const fn of [lib.sleep, (item: number) => item] as ((item: number) => Promise<number> | number)[]) {
      let pulled = 0;
      let closed = 0;
      const source = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false as const, value: (pulled += 1) % 3 }),
          return: () => ({ done: true as const, value: (closed += 1) }),
        }),
      };
      const run = lab.pool.map(fn, source as Iterable<number>);
      const reader = run[Symbol.asyncIterator]();
      expect((await reader.next()).value).to.equal(1);
      let before = -1;
      let since = 0;
      await until(() => {
        if (before !== pulled || lab.pool.stats().running > 0) since = performance.now();
        before = pulled;
        // Between two batches nothing runs for a moment.
        return performance.now() - since > 200;
      }, 'the source to be left alone');
      const held = pulled;
      await wait(30);
      expect(pulled).to.equal(held);
      expect(closed).to.equal(0);
      await reader.return?.();
      expect(closed).to.equal(1);
      expect(pulled).to.equal(held);
      expect(await reader.next()).to.deep.equal({ done: true, value: undefined });
      expect(lab.pool.stats()).to.include({ queued: 0, running: 0 });
    }
  });

  it('a reader that stops early stops the run, and what is under way', async () => {
    const lib = await open();
    let pulled = 0;
    const source = (function* () {
      try {
        for (;;) {
          pulled += 1;
          yield 200;
        }
      } finally {
        pulled = -1;
      }
    })();
    let read = 0;
    for await (const us of lab.pool.map(lib.sleep, source)) {
      expect(us).to.equal(200);
      if ((read += 1) === 20) break;
    }
    expect(pulled, 'the source was closed').to.equal(-1);
    expect(lab.pool.stats()).to.include({ queued: 0, running: 0 });
  });

  it('tells of its progress: all of it where the number is known', async () => {
    const lib = await open();
    for (const [items, total] of [
      [upTo(300), 300],
      [numbers(300), undefined],
    ] as const) {
      const told: (number | undefined)[] = [];
      const run = lab.pool.map(lib.sleep, items, { onProgress: (now) => told.push(now.total, now.done) });
      expect(run.progress.total).to.equal(total);
      await run.toArray();
      expect(told.slice(-2)).to.deep.equal([300, 300]);
      expect(run.progress).to.include({ done: 300, failed: 0, remainingMs: 0 });
    }
  });
});

onEveryEngine('items of a map that fail (M35)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });
  const open = () => lab.pool.open(testlib, FUNCTIONS, { engine });
  const bad = upTo(1_000).map((i) => (i === 400 || i === 900 ? i : 0));

  it('end it: what was before is given out, the rest is kept, and the error names the item', async () => {
    const lib = await open();
    for (const fn of [lib.not0, (item: number) => lib.not0(item)]) {
      const run = lab.pool.map(fn as typeof lib.not0, bad);
      const { all, error } = await readAll(run);
      // Those before it that were under way have been stopped with it.
      expect(all).to.deep.equal(all.map(() => 0));
      expect(all.length).to.be.at.most(400);
      expect(error).to.be.instanceOf(ItemsError);
      expect(error).to.include({ code: 'OFFTHREAD_ITEM_FAILED', kind: 'items' });
      // The batch with the second one may come back first.
      const { index: failed } = error as ItemsError;
      expect([400, 900]).to.include(failed);
      // The other one may have been in the same batch.
      expect((error as ItemsError).failed).to.be.within(1, 2);
      expect((error as Error).cause)
        .to.be.instanceOf(NativeError)
        .that.includes({ returned: failed });
      expect((error as ItemsError).done).to.equal(all.length + run.finished.length);
      for (const { index, value } of run.finished) {
        expect(index).to.be.above(all.length);
        expect(value).to.equal(0);
      }
    }
  });

  it('are left out, replaced, or counted against a budget', async () => {
    const lib = await open();
    expect(await lab.pool.map(lib.not0, bad, { onError: 'skip' }).toArray()).to.deep.equal(
      upTo(998).map(() => 0),
    );
    const instead = await lab.pool
      .map(lib.not0, bad, {
        onError: (error, item, index) => ({
          value: error instanceof NativeError ? -Number(item) - index : 1,
        }),
      })
      .toArray();
    expect(instead).to.deep.equal(bad.map((item) => (item === 0 ? 0 : -2 * item)));
    const odd = lab.pool.map(lib.odd, [1, 2, 3, 4], { onError: 'skip' });
    expect(await odd.toArray()).to.deep.equal([2, 4]);
    for (const maxFailures of [1, 0.001]) {
      const { error } = await readAll(lab.pool.map(lib.not0, bad, { onError: 'skip', maxFailures }));
      expect(error).to.include({ code: 'OFFTHREAD_TOO_MANY_FAILURES', failed: 2 });
      // The last to be known, which need not be the last item.
      expect((error as ItemsError).index).to.be.oneOf([400, 900]);
    }
    expect(await lab.pool.map(lib.not0, bad, { onError: 'skip', maxFailures: 2 }).toArray()).to.have.lengthOf(
      998,
    );
  });

  it('for wrong values: nothing of that item reaches native code', async () => {
    const lib = await open();
    const items = [0, 0, 1.5, 0, 'text', 0] as number[];
    const { all, error } = await readAll(lab.pool.map(lib.not0, items));
    expect(all.length).to.be.at.most(2);
    expect(error).to.include({ index: 2 });
    expect((error as Error).cause).to.be.instanceOf(ArgumentError);
    expect(await lab.pool.map(lib.not0, items, { onError: 'skip' }).toArray()).to.deep.equal([0, 0, 0, 0]);
    expect(await lab.pool.map(lib.add, [[1, 2], [1]] as never, { onError: 'skip' }).toArray()).to.deep.equal([
      3,
    ]);
  });

  it('are run again, as often as their kind of error says, and come in their place', async () => {
    const lib = await open();
    const tries = new Map<number, number>();
    const flaky = (item: number): number => {
      const often = (tries.get(item) ?? 0) + 1;
      tries.set(item, often);
      if (often <= item % 3) throw new Error(`not yet ${item}`);
      return item;
    };
    const attempts = { attempts: 3, delay: 1 };
    expect(await lab.pool.map(flaky, numbers(60), { attempts: { other: attempts } }).toArray()).to.deep.equal(
      upTo(60),
    );
    expect([...tries.values()]).to.deep.equal(upTo(60).map((i) => (i % 3) + 1));
    tries.clear();
    const error = await rejection(
      lab.pool
        .map(flaky, numbers(60), { attempts: { other: { ...attempts, attempts: 2 }, native: 6 } })
        .toArray(),
      ItemsError,
    );
    expect(error.index).to.equal(2);
    const retries: unknown[] = [];
    const native = lab.pool.map(lib.not0, [0, 7, 0], {
      attempts: { native: attempts },
      onError: 'skip',
      onRetry: (error, item, index, { failures, wait: ms }) =>
        void retries.push([error instanceof NativeError, item, index, failures, ms > 0]),
    });
    expect(await native.toArray()).to.deep.equal([0, 0]);
    expect(native.progress).to.include({ done: 2, failed: 1 });
    expect(retries).to.deep.equal([
      [true, 7, 1, 1, true],
      [true, 7, 1, 2, true],
    ]);
    tries.clear();
    const former = lab.pool.map(flaky, numbers(6), { retries: { other: { retries: 2, delay: 1 } } });
    expect(await former.toArray(), 'by the former name').to.deep.equal(upTo(6));
  });

  it('a handler that throws, or answers nonsense, ends it with one clear error', async () => {
    const lib = await open();
    const oops = new Error('oops');
    const options: MapOptions<number, number>[] = [
      {
        onError: () => {
          throw oops;
        },
      },
      {
        onError: 'skip',
        onProgress: () => {
          throw oops;
        },
      },
      { onError: (() => 'perhaps') as never },
      {
        attempts: { native: { attempts: 2, delay: 1 } },
        onRetry: () => {
          throw oops;
        },
      },
      { attempts: { native: { attempts: 2, delay: 1 } }, onRetry: () => Promise.reject(oops) },
    ];
    for (const one of options) {
      const { error } = await readAll(lab.pool.map(lib.not0, bad, one));
      expect(error).to.include({ code: 'OFFTHREAD_HANDLER_FAILED' });
      expect((error as Error).message).to.match(/oops|perhaps/);
      expect(lab.pool.stats()).to.include({ queued: 0, running: 0 });
    }
  });

  it('a source that throws ends it: what had come before is given out first', async () => {
    const lib = await open();
    const oops = new Error('no more');
    const sources = [
      (function* () {
        yield* numbers(50);
        throw oops;
      })(),
      (async function* () {
        yield* later(50);
        throw oops;
      })(),
    ];
    for (const source of sources) {
      const run = lab.pool.map(lib.sleep, source);
      const { all, error } = await readAll(run);
      expect(all).to.deep.equal(upTo(all.length));
      expect(all.length + run.finished.length).to.be.at.most(50);
      expect(error)
        .to.be.instanceOf(ItemsError)
        .that.includes({ code: 'OFFTHREAD_SOURCE_FAILED', cause: oops });
      expect((error as ItemsError).done).to.equal(all.length + run.finished.length);
    }
  });

  it('whatever fails, comes late or is run again: what a model says, in order and not', async () => {
    const lib = await open();
    const item = fc.record({ fails: fc.nat(3), us: fc.nat(300) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { maxLength: 80 }),
        fc.record({
          ordered: fc.boolean(),
          concurrency: fc.integer({ min: 1, max: 9 }),
          native: fc.boolean(),
        }),
        async (items, { ordered, concurrency, native }) => {
          const tries = new Map<number, number>();
          const run = async (one: (typeof items)[number], index: number): Promise<number> => {
            const often = (tries.get(index) ?? 0) + 1;
            tries.set(index, often);
            if (native) await lib.sleep(one.us);
            else await turns(1);
            if (often <= one.fails) throw new Error('again');
            return index;
          };
          const options = {
            ordered,
            concurrency,
            onError: 'skip',
            attempts: { other: { attempts: 3, delay: 0 } },
          } as const;
          const { all, error } = await readAll(lab.pool.map(run, items, options));
          expect(error).to.equal(undefined);
          const wanted = upTo(items.length).filter((i) => (items[i]?.fails ?? 0) <= 2);
          expect(ordered ? all : all.toSorted((a, b) => a - b)).to.deep.equal(wanted);
        },
      ),
      { numRuns: 40 },
    );
  });
});

onEveryEngine('maps that are ended (M35)', (engine) => {
  it('by cancel, by a signal, by one that has aborted before', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const controller = new AbortController();
      const reason = new Error('enough');
      for (const end of ['cancel', 'signal', 'before'] as const) {
        const run = pool.map(lib.sleep, numbers(), { signal: controller.signal });
        const all: number[] = [];
        const reading = (async () => {
          for await (const us of run) {
            all.push(us);
            if (all.length === 30 && end === 'cancel') expect(run.cancel(reason)).to.equal(true);
            if (all.length === 30 && end === 'signal') controller.abort(reason);
          }
        })();
        const error = await rejection(reading, CallCancelledError);
        expect(error.cause).to.equal(reason);
        expect(all).to.deep.equal(upTo(all.length));
        expect(all.length).to.be.at.least(end === 'before' ? 0 : 30);
        expect(run.cancel()).to.equal(false);
      }
      expect(pool.stats()).to.include({ lanesLost: 0, queued: 0, running: 0 });
    });
  });

  it('by the end of their pool, half-way', async () => {
    for (const end of ['close', 'destroy'] as const) {
      const pool = createPool({ lanes: 2, grace: 2_000 });
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const reading = readAll(
        pool.map(
          lib.sleep,
          (function* () {
            for (;;) yield 300;
          })(),
        ),
      );
      await until(() => pool.stats().succeeded > 0, 'some items');
      await (end === 'close' ? pool.close({ timeout: 20 }) : pool.destroy());
      const { error } = await reading;
      expect(error).to.be.instanceOf(PoolClosedError);
    }
  });

  it('refuses what makes no sense, and runs nothing', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const other = createPool({ lanes: 1 });
      const foreign = await other.open(testlib, FUNCTIONS, { engine });
      const { submitted } = pool.stats();
      const map = pool.map.bind(pool) as (...args: unknown[]) => unknown;
      const wrong: [RegExp, unknown[]][] = [
        [/items of map are 5/, [lib.add, 5]],
        [/items of map are null/, [lib.add, null]],
        [/items of map are 'text'/, [lib.echo, 'text']],
        [/map received 7/, [7, []]],
        [/another pool/, [foreign.add, []]],
        [/concurrency.*from 1/, [lib.add, [], { concurrency: 0 }]],
        [/Unknown map option `order`/, [lib.add, [], { order: true }]],
        [/ordered/, [lib.add, [], { ordered: 'yes' }]],
        [/attempts/, [lib.add, [], { attempts: 0 }]],
        [/Unknown `attempts` option `sometimes`/, [lib.add, [], { attempts: { sometimes: 1 } }]],
        [/attempts\.native/, [lib.add, [], { attempts: { native: { attempts: 1.5 } } }]],
        [/onError/, [lib.add, [], { onError: 'ignore' }]],
        [/signal/, [lib.add, [], { signal: 1 }]],
      ];
      for (const [message, args] of wrong)
        expect(() => map(...args), String(message)).to.throw(ArgumentError, message);
      expect(pool.stats().submitted).to.equal(submitted);
      await other.close();
    });
  });
});

describeOn(contractEngines, ['process'], 'maps and lanes that die (M35)', (engine) => {
  it('the item that a lane died of is told; every other one has its result', async () => {
    await withPool(engine, { lanes: 2, maxDeaths: Infinity }, async (_, pool) => {
      const { ot_die_if } = await pool.open(
        testlib,
        { ot_die_if: { arguments: ['i32', 'i32', 'i32'], return: 'i32' } },
        { engine },
      );
      const items = upTo(2_000).map((i) => [i, i === 5 || i === 1_500 ? i : -1, 11] as const);
      const deaths: [unknown, number][] = [];
      const onError = (error: unknown, _item: unknown, index: number): 'skip' => {
        deaths.push([error, index]);
        return 'skip';
      };
      const all = await pool.map(ot_die_if, items, { onError }).toArray();
      expect(all).to.deep.equal(upTo(2_000).filter((i) => i !== 5 && i !== 1_500));
      expect(deaths.map(([, index]) => index).toSorted((a, b) => a - b)).to.deep.equal([5, 1_500]);
      for (const [error] of deaths) expect(error).to.be.instanceOf(LaneCrashedError);
      const again = pool.map(ot_die_if, items, { attempts: { crash: 2 } });
      const { error } = await readAll(again);
      expect(error).to.be.instanceOf(OffthreadError);
      // Either of them dies for the second time first.
      expect((error as ItemsError).index).to.be.oneOf([5, 1_500]);
    });
  });
});
