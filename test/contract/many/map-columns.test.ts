/** M35, B5: numeric functions over columns, on every engine and lane. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  type ColumnOptions,
  DeclarationError,
  inout,
  ItemsError,
  LaneCrashedError,
  NativeError,
  PoolClosedError,
} from 'offthread';
import { COLUMN_OF } from '../../../src/shared/memory/batch-layout.js';
import { contractEngines, describeOn, onEveryEngine, rejection, withPool } from '../../helpers/contract.js';
import { createPool } from '../../helpers/lane-kind.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const NUMBERS = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'f32', 'f64'] as const;
const SUMS = Object.fromEntries(
  NUMBERS.map((type) => [`ot_add_${type}`, { arguments: [type, type], return: type }]),
) as Record<`ot_add_${(typeof NUMBERS)[number]}`, { arguments: ['f64', 'f64']; return: 'f64' }>;
const FAILING = {
  ot_id_i32: { arguments: ['i32'], return: 'i32', fails: 'nonzero' },
  odd: { symbol: 'ot_id_u8', arguments: ['u8'], return: 'u8', fails: (value: number) => value % 2 === 1 },
  ot_fail_errno: { arguments: ['i32'], return: 'i32', fails: 'negative', errno: true },
  ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
  ot_sleep_us: { arguments: ['i32'], return: 'i32' },
  ot_id_bool: { arguments: ['bool'], return: 'bool' },
  ot_nothing: { arguments: [], return: 'void' },
  ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
} as const;
const skip: ColumnOptions = { onError: 'skip' };
const ids = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => i);

onEveryEngine('columns (M35)', (engine) => {
  it('of every type: each item is the sum of its values, whatever they are', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      // ffi-rs cannot return f32.
      const types = NUMBERS.filter((type) => engine !== 'ffi-rs' || type !== 'f32');
      const declared = Object.fromEntries(types.map((type) => [`ot_add_${type}`, SUMS[`ot_add_${type}`]]));
      const lib = await pool.open(testlib, declared as typeof SUMS, { engine });
      for (const type of types) {
        const bytes = fc.sample(fc.uint8Array({ minLength: 1_600, maxLength: 1_600 }), 2);
        const [a, b] = bytes.map((some) => new COLUMN_OF[type](Uint8Array.from(some).buffer, 0, 200)) as [
          Float64Array,
          Float64Array,
        ];
        const wanted = new COLUMN_OF[type](200) as Float64Array;
        for (let i = 0; i < 200; i++) wanted[i] = (a[i] as number) + (b[i] as number);
        const { out, done, failed } = await pool.mapColumns(lib[`ot_add_${type}`], { a, b });
        expect(out, type).to.be.instanceOf(COLUMN_OF[type]);
        expect([...(out as Float64Array)], type).to.deep.equal([...wanted]);
        expect({ done, failed }).to.deep.equal({ done: 200, failed: 0 });
      }
    });
  });

  it('of any length, each item once and in its place', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const { ot_add } = await pool.open(testlib, FAILING, { engine });
      for (const length of [0, 1, 2, 7, 1_000, 60_000]) {
        const a = ids(length);
        const out = new Int32Array(length + 3).fill(-9);
        const result = await pool.mapColumns(ot_add, [a, 5], out);
        expect(result.out).to.equal(out);
        expect(result.done).to.equal(length);
        expect(out.every((value, i) => value === (i < length ? i + 5 : -9))).to.equal(true);
      }
      expect(pool.stats()).to.include({ failed: 0, queued: 0, running: 0 });
    });
  });

  it('of truth values, of one value for all, without results, over shared memory', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FAILING, { engine });
      const flags = Uint8Array.from([0, 1, 1, 0]);
      expect([...(await pool.mapColumns(lib.ot_id_bool, { flags })).out]).to.deep.equal([0, 1, 1, 0]);
      const shared = new Int32Array(new SharedArrayBuffer(40)).fill(4);
      const target = new Int32Array(new SharedArrayBuffer(40));
      await pool.mapColumns(lib.ot_add, { shared, more: -1 }, target);
      expect([...target]).to.deep.equal(Array(10).fill(3));
      expect((await pool.mapColumns(lib.ot_add, { shared, shared2: shared }, null)).out).to.equal(null);
    });
  });

  slow('in shared memory or not, any of them: the same results, and each where it belongs', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const { ot_add } = await pool.open(testlib, FAILING, { engine });
      const length = 20_000;
      const column = (shared: boolean, value: (i: number) => number): Int32Array => {
        const memory = shared ? new SharedArrayBuffer(length * 4 + 16) : new ArrayBuffer(length * 4 + 16);
        const all = new Int32Array(memory, 8, length);
        for (let i = 0; i < length; i++) all[i] = value(i);
        return all;
      };
      for (let kind = 0; kind < 8; kind++) {
        const a = column((kind & 1) > 0, (i) => i);
        const b = column((kind & 2) > 0, (i) => 7 * i);
        const out = column((kind & 4) > 0, () => -1);
        expect((await pool.mapColumns(ot_add, { a, b }, out)).done).to.equal(length);
        expect(
          out.findIndex((value, i) => value !== 8 * i),
          `kind ${kind}`,
        ).to.equal(-1);
        const around = new Int32Array(out.buffer);
        expect([around[0], around[1], around[length + 2], around[length + 3]]).to.deep.equal([0, 0, 0, 0]);
        const fresh = await pool.mapColumns(ot_add, { a, five: 5 });
        expect(fresh.out.buffer).to.be.instanceOf((kind & 1) > 0 ? SharedArrayBuffer : ArrayBuffer);
        expect(fresh.out.findIndex((value, i) => value !== i + 5)).to.equal(-1);
      }
    });
  });

  it('in shared memory: failures are those that there would be elsewhere', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const lib = await pool.open(testlib, FAILING, { engine });
      const given = Uint8Array.from({ length: 1_500 }, (_value, i) => i);
      const shared = new Uint8Array(new SharedArrayBuffer(1_500));
      shared.set(given);
      const [own, theirs] = [
        await pool.mapColumns(lib.odd, { given }, undefined, skip),
        await pool.mapColumns(lib.odd, { shared }, undefined, skip),
      ];
      const told = ({ failures }: typeof own): unknown =>
        failures.map(({ index, error }) => [index, (error as Error).message]);
      expect(told(theirs)).to.deep.equal(told(own));
      expect([...theirs.out]).to.deep.equal([...own.out]);
      expect(theirs.failed).to.equal(750);
      const codes = new Int32Array(new SharedArrayBuffer(400)).fill(2, 0, 50).fill(13, 50);
      const out = new Int32Array(new SharedArrayBuffer(400));
      const judged = await pool.mapColumns(lib.ot_fail_errno, { codes }, out, skip);
      const plain = await pool.mapColumns(
        lib.ot_fail_errno,
        { codes: Int32Array.from(codes) },
        undefined,
        skip,
      );
      expect(told(judged)).to.deep.equal(told(plain));
      expect([...out]).to.deep.equal([...plain.out]);
    });
  });

  slow('in shared memory: an item that was given up writes nothing when it comes back', async () => {
    await withPool(engine, { lanes: 2, grace: 0 }, async (_, pool) => {
      const { ot_sleep_ms } = await pool.open(testlib, FAILING, { engine });
      const ms = new Int32Array(new SharedArrayBuffer(40));
      ms[4] = 1_500;
      const out = new Int32Array(new SharedArrayBuffer(40)).fill(-1);
      const fn = ot_sleep_ms.with({ timeout: 400 });
      const { done, failed, failures } = await pool.mapColumns(fn, { ms }, out, skip);
      expect({ done, failed }).to.deep.equal({ done: 9, failed: 1 });
      expect(failures[0]).to.include({ index: 4 });
      expect(failures[0]?.error).to.be.instanceOf(CallTimeoutError);
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect([...out]).to.deep.equal(Array.from({ length: 10 }, (_value, i) => (i === 4 ? -1 : 0)));
    });
  });

  slow('beside other calls: they get their turn', async () => {
    await withPool(engine, { lanes: 1 }, async (lib, pool) => {
      const { ot_sleep_us } = await pool.open(testlib, FAILING, { engine });
      let over = false;
      const run = pool.mapColumns(ot_sleep_us, { us: new Int32Array(3_000).fill(100) }).then((result) => {
        over = true;
        return result;
      });
      for (let i = 0; i < 3; i++) expect(await lib.ot_add(i, 1)).to.equal(i + 1);
      expect(over, 'the run is still on').to.equal(false);
      expect((await run).done).to.equal(3_000);
    });
  });

  slow('tells of its progress, and of all of it in the end', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const { ot_sleep_us } = await pool.open(testlib, FAILING, { engine });
      const told: number[] = [];
      const run = pool.mapColumns(ot_sleep_us, { us: new Int32Array(2_000).fill(300) }, null, {
        onProgress: ({ done, total, rate, remainingMs, failed }) => {
          told.push(done);
          expect({ total, failed }).to.deep.equal({ total: 2_000, failed: 0 });
          if (rate > 0 && done < 2_000) expect(remainingMs).to.be.closeTo(((2_000 - done) / rate) * 1_000, 1);
        },
      });
      expect(run.progress.total).to.equal(2_000);
      await run;
      expect(told.at(-1)).to.equal(2_000);
      expect(told).to.deep.equal(told.toSorted((a, b) => a - b));
      expect(told.length).to.be.within(2, 2_000);
    });
  });
});

onEveryEngine('items that fail (M35)', (engine) => {
  it('by their declaration: they are told by index, and the others are done', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const lib = await pool.open(testlib, FAILING, { engine });
      const values = new Int32Array(9_000);
      for (const index of [0, 17, 4_000, 8_999]) values[index] = index + 1;
      const { done, failed, failures, out } = await pool.mapColumns(
        lib.ot_id_i32,
        { values },
        undefined,
        skip,
      );
      expect({ done, failed }).to.deep.equal({ done: 8_996, failed: 4 });
      expect(failures.map(({ index }) => index)).to.deep.equal([0, 17, 4_000, 8_999]);
      for (const { index, error } of failures) {
        expect(error)
          .to.be.instanceOf(NativeError)
          .that.includes({ returned: index + 1, symbol: 'ot_id_i32' });
      }
      expect([...(out as Int32Array)]).to.deep.equal([...values]);
      const odd = await pool.mapColumns(lib.odd, [Uint8Array.from([2, 3, 4, 5])], null, skip);
      expect(odd.failures.map(({ index }) => index)).to.deep.equal([1, 3]);
      const errnos = await pool.mapColumns(lib.ot_fail_errno, [Int32Array.of(2, 13)], null, skip);
      expect(errnos.failures.map(({ error }) => (error as NativeError).code)).to.deep.equal([
        'ENOENT',
        'EACCES',
      ]);
    });
  });

  it('end the run where nothing else is said, and what had finished is in its place', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const lib = await pool.open(testlib, FAILING, { engine });
      const values = new Int32Array(5_000);
      values[3_000] = 7;
      const out = new Int32Array(5_000).fill(-1);
      const error = await rejection(pool.mapColumns(lib.ot_id_i32, { values }, out), ItemsError);
      expect(error).to.include({ index: 3_000, failed: 1, code: 'OFFTHREAD_ITEM_FAILED', kind: 'items' });
      expect(error.cause).to.be.instanceOf(NativeError);
      expect(error.message).to.match(/Item 3000 .*onError/);
      const finished = out.filter((value) => value === 0).length;
      expect(finished).to.equal(error.done);
      expect(finished).to.be.within(1, 4_999);
    });
  });

  it('are put up with as often as maxFailures says: a number, or a share', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const { ot_id_i32 } = await pool.open(testlib, FAILING, { engine });
      const values = new Int32Array(100);
      values.fill(1, 50, 60);
      for (const maxFailures of [10, 0.1, Infinity]) {
        expect((await pool.mapColumns(ot_id_i32, [values], null, { ...skip, maxFailures })).failed).to.equal(
          10,
        );
      }
      for (const maxFailures of [9, 0.09, 0]) {
        const run = pool.mapColumns(ot_id_i32, [values], null, { ...skip, maxFailures });
        const error = await rejection(run, ItemsError);
        expect(error.code).to.equal('OFFTHREAD_TOO_MANY_FAILURES');
        expect(error.index).to.equal(50 + Math.floor(maxFailures < 1 ? maxFailures * 100 : maxFailures));
      }
    });
  });

  it('are asked about one by one; a handler that throws, or answers nonsense, ends the run', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const { ot_id_i32 } = await pool.open(testlib, FAILING, { engine });
      const values = Int32Array.from({ length: 200 }, (_, i) => Number(i % 10 === 0));
      const asked: number[] = [];
      const error = await rejection(
        pool.mapColumns(ot_id_i32, [values], null, {
          concurrency: 1,
          onError: (_, index) => {
            asked.push(index);
            return index === 100 ? 'stop' : 'skip';
          },
        }),
        ItemsError,
      );
      expect(error.index).to.equal(100);
      expect(asked).to.deep.equal([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
      const oops = new Error('oops');
      const bad: ColumnOptions[] = [
        {
          onError: () => {
            throw oops;
          },
        },
        {
          ...skip,
          onProgress: () => {
            throw oops;
          },
        },
        { onError: (() => 'perhaps') as never },
      ];
      for (const options of bad) {
        const thrown = await rejection(pool.mapColumns(ot_id_i32, [values], null, options), ItemsError);
        expect(thrown.code).to.equal('OFFTHREAD_HANDLER_FAILED');
        expect(thrown.message).to.match(/oops|perhaps/);
      }
      expect(pool.stats()).to.include({ queued: 0, running: 0 });
    });
  });

  slow('by their timeout: each has its own, and the rest of the range runs elsewhere', async () => {
    await withPool(engine, { lanes: 2, maxLostLanes: 8 }, async (_, pool) => {
      const { ot_sleep_ms } = await pool.open(testlib, FAILING, { engine });
      const ms = new Int32Array(40).fill(5);
      ms[20] = 1_500;
      const fn = ot_sleep_ms.with({ timeout: 400 });
      const { done, failures } = await pool.mapColumns(fn, { ms }, null, skip);
      expect(done).to.equal(39);
      expect(failures).to.have.lengthOf(1);
      expect(failures[0]).to.include({ index: 20 });
      expect(failures[0]?.error).to.be.instanceOf(CallTimeoutError);
    });
  });
});

onEveryEngine('runs over columns that are ended (M35)', (engine) => {
  const slow = new Int32Array(100_000).fill(200);

  it('by cancel, by a signal, or by one that has aborted before: between two items', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const { ot_sleep_us } = await pool.open(testlib, FAILING, { engine });
      const reason = new Error('changed my mind');
      const controller = new AbortController();
      const stops: ((run: { cancel(reason: unknown): boolean }) => void)[] = [
        (run) => {
          expect(run.cancel(reason)).to.equal(true);
          expect(run.cancel(reason)).to.equal(false);
        },
        () => controller.abort(reason),
        () => {},
      ];
      for (const stop of stops) {
        const out = new Int32Array(slow.length).fill(-1);
        let progress = (): void => {};
        const begun = new Promise<void>((resolve) => (progress = resolve));
        const run = pool.mapColumns(ot_sleep_us, [slow], out, {
          signal: controller.signal,
          onProgress: () => progress(),
        });
        run.catch(() => {});
        if (!controller.signal.aborted) await begun;
        stop(run);
        const error = await rejection(run, CallCancelledError);
        expect(error.cause).to.equal(reason);
        const finished = out.filter((value) => value !== -1).length;
        expect(out.indexOf(-1), 'nothing is written any more').to.be.below(slow.length);
        await wait(20);
        expect(out.filter((value) => value !== -1).length).to.equal(finished);
      }
      expect(pool.stats()).to.include({ lanesLost: 0, queued: 0, running: 0 });
    });
  });

  it('by the end of their pool', async () => {
    for (const end of ['close', 'destroy'] as const) {
      const pool = createPool({ lanes: 2, grace: 2_000 });
      const { ot_sleep_us } = await pool.open(testlib, FAILING, { engine });
      let progress = (): void => {};
      const begun = new Promise<void>((resolve) => (progress = resolve));
      const run = pool.mapColumns(ot_sleep_us, [slow], null, { onProgress: () => progress() });
      run.catch(() => {});
      await begun;
      await (end === 'close' ? pool.close({ timeout: 50 }) : pool.destroy());
      await rejection(run, PoolClosedError);
      await rejection(pool.mapColumns(ot_sleep_us, [slow]), PoolClosedError);
    }
  });
});

onEveryEngine('what mapColumns refuses (M35)', (engine) => {
  it('says what is wrong, and runs nothing', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FAILING, { engine });
      const { ot_echo } = await pool.open(
        testlib,
        { ot_echo: { symbol: 'ot_xor_bytes', arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' } },
        { engine },
      );
      const other = createPool({ lanes: 1 });
      const foreign = await other.open(testlib, FAILING, { engine });
      const a = new Int32Array(4);
      const detached = new Int32Array(4);
      structuredClone(detached, { transfer: [detached.buffer] });
      const { submitted } = pool.stats();
      const map = pool.mapColumns.bind(pool) as (...args: unknown[]) => Promise<unknown>;
      const wrong: [RegExp, unknown[]][] = [
        [/takes 2 arguments.* 1 columns/, [lib.ot_add, { a }]],
        [/takes 2 arguments.* 3 columns/, [lib.ot_add, [a, a, a]]],
        [/`b` is a Float64Array.*i32.*Int32Array/, [lib.ot_add, { a, b: new Float64Array(4) }]],
        [/column 1 is 1\.5/, [lib.ot_add, [a, 1.5]]],
        [/column 1 is .*1, 2/, [lib.ot_add, [a, [1, 2, 3, 4]]]],
        [/4 items and .*5/, [lib.ot_add, [a, new Int32Array(5)]]],
        [/no column/, [lib.ot_add, [1, 2]]],
        [/no column|takes 0/, [lib.ot_nothing, []]],
        [/room for 3/, [lib.ot_add, [a, a], new Int32Array(3)]],
        [/`out` is a Float32Array/, [lib.ot_add, [a, a], new Float32Array(4)]],
        [/concurrency.*from 1/, [lib.ot_add, [a, a], null, { concurrency: 0 }]],
        [/Unknown mapColumns option `attempts`/, [lib.ot_add, [a, a], null, { attempts: 3 }]],
        [/onError.*'stop', 'skip'/, [lib.ot_add, [a, a], null, { onError: 'retry' }]],
        [/maxFailures/, [lib.ot_add, [a, a], null, { maxFailures: -1 }]],
        [/signal/, [lib.ot_add, [a, a], null, { signal: {} }]],
        [/onProgress/, [lib.ot_add, [a, a], null, { onProgress: 1 }]],
        [/another pool/, [foreign.ot_add, [a, a]]],
        [/takes a function of a library/, [(x: number) => x, [a]]],
        [/columns for ot_add are null/, [lib.ot_add, null]],
        [/columns for ot_add are/, [lib.ot_add, a]],
        [/column 0/, [lib.ot_add, [detached, detached]]],
      ];
      for (const [message, args] of wrong) {
        const error = await rejection(map(...args), ArgumentError);
        expect(error.message).to.match(message);
      }
      const error = await rejection(map(ot_echo, [a, 1, 1]), DeclarationError);
      expect(error.message).to.match(/values other than numbers.*pool\.map/s);
      expect(pool.stats().submitted).to.equal(submitted);
      await other.close();
    });
  });

  it('a column that is transferred away in the midst of a run ends it', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const { ot_sleep_us } = await pool.open(testlib, FAILING, { engine });
      const us = new Int32Array(50_000).fill(100);
      let progress = (): void => {};
      const begun = new Promise<void>((resolve) => (progress = resolve));
      const run = pool.mapColumns(ot_sleep_us, [us], null, { onProgress: () => progress() });
      run.catch(() => {});
      await begun;
      structuredClone(us, { transfer: [us.buffer] });
      const error = await run.then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(String(error)).to.match(/detached|shrunk/);
      expect(pool.stats()).to.include({ queued: 0, running: 0 });
    });
  });
});

describeOn(contractEngines, ['process'], 'columns and lanes that die (M35)', (engine) => {
  it('the item that a lane died of is told; every other one is run once', async () => {
    await withPool(engine, { lanes: 2, maxDeaths: Infinity }, async (_, pool) => {
      const { ot_die_if } = await pool.open(
        testlib,
        { ot_die_if: { arguments: ['i32', 'i32', 'i32'], return: 'i32' } },
        { engine },
      );
      const poison = new Int32Array(3_000).fill(-1);
      for (const index of [0, 700, 2_999]) poison[index] = index;
      const { done, failures, out } = await pool.mapColumns(
        ot_die_if,
        [ids(3_000), poison, 11],
        undefined,
        skip,
      );
      expect(done).to.equal(2_997);
      expect(failures.map(({ index }) => index)).to.deep.equal([0, 700, 2_999]);
      for (const { index, error } of failures) {
        expect(error).to.be.instanceOf(LaneCrashedError);
        expect(error).to.include({ signal: 'SIGSEGV', phase: 'call', digest: `(${index}, ${index}, 11)` });
      }
      expect(out.length).to.equal(3_000);
      expect([...(out as Int32Array)].every((value, i) => value === i || poison[i] === i)).to.equal(true);
    });
  });
});
