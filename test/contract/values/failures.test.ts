/** M4, M14, M32: how a native function says that it failed, and how the caller hears of it. */
import { expect } from 'chai';
import { type Library, NativeError, OffthreadError } from 'offthread';
import { onEveryEngine, rejection, sharedLab, thrown } from '../../helpers/contract.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';

const FAILURES = {
  negative: { symbol: 'ot_fail_errno', arguments: ['i32'], return: 'i32', fails: 'negative', errno: true },
  unread: { symbol: 'ot_fail_errno', arguments: ['i32'], return: 'i32', fails: 'negative' },
  keeps: { symbol: 'ot_keep_errno', arguments: ['i32'], return: 'i32', fails: 'negative', errno: true },
  null: { symbol: 'ot_fail_null', arguments: ['i32'], return: 'pointer', fails: 'null', errno: true },
  nonzero: { symbol: 'ot_fail', arguments: ['i32'], return: 'i32', fails: 'nonzero' },
  told: {
    symbol: 'ot_fail',
    arguments: ['i32'],
    return: 'i32',
    fails: 'nonzero',
    lastError: 'ot_last_error',
  },
  message: {
    symbol: 'ot_set_error',
    arguments: ['i32', 'cstring'],
    return: 'i32',
    fails: 'nonzero',
    lastError: { symbol: 'ot_last_error', arguments: [] },
  },
  text: { symbol: 'ot_null_text', arguments: [], return: 'cstring', fails: 'null' },
  add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32', fails: (sum: number) => sum === 13 },
  thread: { symbol: 'ot_thread_id', arguments: [], return: 'u64' },
  pause: { symbol: 'ot_sleep_us', arguments: ['i32'], return: 'i32' },
} as const;

onEveryEngine('failures of native functions (M32)', (engine) => {
  const lab = sharedLab(engine, { lanes: 4 });
  let lib: Library<typeof FAILURES>;
  before(async () => {
    lib = await lab.pool.open(testlib, FAILURES, { engine });
  });

  it('reads errno, and names it', async () => {
    const errors = await Promise.all(
      [2, 13, 110].map((errno) => rejection(lib.negative(errno), NativeError)),
    );
    expect(errors.map(({ code }) => code)).to.deep.equal(['ENOENT', 'EACCES', 'ETIMEDOUT']);
    expect(errors.map(({ errno }) => errno)).to.deep.equal([2, 13, 110]);
    expect(errors[0]).to.include({ kind: 'native', returned: -1, symbol: 'negative' });
    expect(errors[0]?.message).to.include('ENOENT');
    expect(errors[0]?.call).to.be.a('number');
    expect(thrown(() => lib.negative.blocking(2), NativeError).code).to.equal('ENOENT');
  });

  it('reads no errno unasked, and none of a call that succeeded', async () => {
    const error = await rejection(lib.unread(2), NativeError);
    expect(error).to.include({ code: 'OFFTHREAD_NATIVE', errno: undefined, returned: -1 });
    expect(await lib.keeps(2)).to.equal(0);
  });

  it('survives an errno that has no name', async () => {
    const error = await rejection(lib.negative(9_999), NativeError);
    expect(error.errno).to.equal(9_999);
    expect(error.code).to.be.a('string');
  });

  it('knows every rule', async () => {
    expect((await rejection(lib.null(12), NativeError)).code).to.equal('ENOMEM');
    expect((await rejection(lib.nonzero(-3), NativeError)).returned).to.equal(-3);
    expect(await lib.nonzero(0)).to.equal(0);
    expect((await rejection(lib.text(), NativeError)).returned).to.equal(null);
    expect((await rejection(lib.add(6, 7), NativeError)).returned).to.equal(13);
    expect(await lib.add(6, 8)).to.equal(14);
  });

  it("brings the library's own message, whatever it says", async () => {
    const error = await rejection(lib.told(42), NativeError);
    expect(error.lastError).to.equal('failed with code 42');
    expect(error.message).to.include('failed with code 42');
    const odd = await rejection(lib.message(1, 'Gerät %s nicht bereit 🌍'), NativeError);
    expect(odd.lastError).to.equal('Gerät %s nicht bereit 🌍');
    expect(thrown(() => lib.message.blocking(2, 'im Stehen'), NativeError).lastError).to.equal('im Stehen');
  });

  it('reads errno and message on the thread that made the call, under concurrency', async () => {
    await until(() => lab.pool.stats().lanes.idle === 4, 'every lane');
    // Calls that block spread over the lanes, and the others between them.
    const pauses = Array.from({ length: 60 }, () => lib.pause(300));
    const threads = await Promise.all(
      Array.from({ length: 300 }, (_, i) => [
        lib.message(i + 1, `message ${i}`).catch((error: NativeError) => error.lastError),
        lib.negative((i % 100) + 1).catch((error: NativeError) => error.errno),
        lib.thread(),
      ]).flat(),
    );
    await Promise.all(pauses);
    const used = new Set(threads.filter((value) => typeof value === 'bigint'));
    expect(used.size, 'more than one lane took part').to.be.at.least(2);
    for (let i = 0; i < 300; i++) {
      expect(threads[3 * i]).to.equal(`message ${i}`);
      expect(threads[3 * i + 1]).to.equal((i % 100) + 1);
    }
  });

  it('turns whatever a predicate throws into a typed failure of that call (M14)', async () => {
    for (const what of [new Error('a bad predicate'), 'a string', undefined, null]) {
      const odd = await lab.pool.open(
        testlib,
        {
          ot_add: {
            arguments: ['i32', 'i32'],
            return: 'i32',
            fails: (sum: number): boolean => {
              if (sum !== 13) return false;
              // oxlint-disable-next-line typescript/only-throw-error -- whatever it throws, says M14
              throw what;
            },
          },
        },
        { engine },
      );
      const error = await rejection(odd.ot_add(6, 7), OffthreadError);
      expect(error.symbol).to.equal('ot_add');
      if (what !== undefined && what !== null) expect(error.cause).to.equal(what);
      thrown(() => odd.ot_add.blocking(6, 7), OffthreadError);
      expect(await odd.ot_add(1, 2)).to.equal(3);
    }
    expect(lab.pool.stats()).to.include({ running: 0, queued: 0 });
  });

  it('counts failures as failed, and keeps the lane', async () => {
    const before = lab.pool.stats();
    await Promise.allSettled(Array.from({ length: 30 }, (_, i) => lib.nonzero(i % 2)));
    const after = lab.pool.stats();
    expect(after.failed - before.failed).to.equal(15);
    expect(after.succeeded - before.succeeded).to.equal(15);
    expect(after.lanesCrashed).to.equal(0);
  });

  it('can be sent over a log: a code, a kind and a message that say what to do', async () => {
    const error = await rejection(lib.told(5), NativeError);
    expect(error).to.be.instanceOf(OffthreadError).and.instanceOf(Error);
    expect(error.name).to.equal('NativeError');
    expect(error.stack).to.include('NativeError');
    expect(JSON.parse(JSON.stringify(error))).to.include({ code: 'OFFTHREAD_NATIVE', kind: 'native' });
  });
});
