/** M4, M27: whatever objects are handed to it, every door answers with a typed error or a result, and nothing is left pending. */
import { expect } from 'chai';
import {
  OffthreadError,
  callback,
  chunks,
  configureDefaultPool,
  createPool as newPool,
  inout,
  out,
  parallel,
  persistent,
  race,
  retry,
  sharedBytes,
} from 'offthread';
import type { Pool } from 'offthread';
import { onEveryEngine, sharedLab } from '../../helpers/contract.js';
import { createPool } from '../../helpers/lane-kind.js';
import { testlib } from '../../helpers/testlib.js';
import { turns } from '../../helpers/waiting.js';

/** Nobody's promise about types holds here. */
// oxlint-disable-next-line typescript/no-explicit-any -- every value is handed to every door
type Anything = any;

const NAMES = [
  ...[
    'lanes',
    'sizing',
    'isolation',
    'spares',
    'env',
    'stderr',
    'maxDeaths',
    'maxQueue',
    'timeout',
    'grace',
    'name',
    'preset',
  ],
  ...[
    'signal',
    'deadline',
    'priority',
    'hostTimeout',
    'onChunk',
    'attempts',
    'retry',
    'engine',
    'concurrency',
    'ordered',
    'retries',
  ],
  ...[
    'onError',
    'maxFailures',
    'onProgress',
    'attempts',
    'delay',
    'factor',
    'maxDelay',
    'settle',
    'stagger',
    'execArgv',
  ],
  ...[
    'arguments',
    'return',
    'fails',
    'lastError',
    'onCancel',
    'stream',
    'bytes',
    'then',
    'length',
    'message',
    'aborted',
    'reason',
  ],
];

const POOL_OPTIONS = [
  ...[
    'lanes',
    'sizing',
    'isolation',
    'spares',
    'env',
    'stderr',
    'recycleAfter',
    'recycleAboveMb',
    'maxDeaths',
  ],
  ...['deathWindow', 'redact', 'maxQueue', 'whenFull', 'maxWaiting', 'timeout', 'grace', 'hostTimeout'],
  ...['maxLostLanes', 'stackSizeMb', 'name', 'preset', 'execArgv', 'execPath'],
];

/** What Node.js itself, chai, or the language looks for on objects of all kinds: with these nothing works, with or without offthread. */
const INHERITED = new Set(['then', 'length', 'message', 'name', 'return', 'env', 'execArgv', 'signal']);

const boom = (): never => {
  throw new RangeError('boom');
};
const THROWING: ProxyHandler<object> = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((trap) => [trap, boom]),
);

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function withGetters(target: object, get: () => unknown): object {
  for (const name of NAMES) {
    try {
      Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
    } catch {
      // The length of an array stays what it is.
    }
  }
  return target;
}

function changing(): () => unknown {
  let times = 0;
  return () => (times++ % 2 === 0 ? undefined : boom());
}

/** Fresh ones each time: some remember how often they were read. */
const HOSTILE: Readonly<Record<string, () => Anything>> = {
  'a revoked proxy of an object': () => revoked({}),
  'a revoked proxy of an array': () => revoked([]),
  'a revoked proxy of a function': () => revoked(() => {}),
  'a proxy that throws': () => new Proxy({}, THROWING),
  'a proxy of an array that throws': () => new Proxy([1], THROWING),
  'a proxy of a function that throws': () => new Proxy(() => 1, THROWING),
  'getters that throw': () => withGetters({}, boom),
  'getters that change their answer': () => withGetters({}, changing()),
  'an array with getters that throw': () => withGetters([1, 2], boom),
  'an array of a getter that throws': () => Object.defineProperty([1, 2], 1, { get: boom }),
  'an array without a prototype': () => Object.setPrototypeOf([1, 2], null),
  'a typed array with getters that throw': () => withGetters(new Int32Array(2), boom),
  'a typed array whose buffer throws': () =>
    Object.defineProperty(new Int32Array(2), 'buffer', { get: boom }),
  'a typed array without a prototype': () => Object.setPrototypeOf(new Int32Array(2), null),
  'an object without a prototype': () => Object.create(null),
  'a frozen object': () => Object.freeze({}),
  'a symbol': () => Symbol('hostile'),
  'an iterator that throws': () => ({ [Symbol.iterator]: () => ({ next: boom }) }),
  'an iterator that is revoked': () => ({ [Symbol.iterator]: () => revoked({}) }),
  'an async iterator of what is revoked': () => ({
    [Symbol.asyncIterator]: () => ({ next: async () => new Proxy({ done: false }, THROWING) }),
  }),
  'what becomes no text or number': () => ({ toString: boom, valueOf: boom, [Symbol.toPrimitive]: boom }),
  'a thenable that throws': () => withGetters(() => 1, boom),
  'a date that throws': () => Object.assign(new Date(8.64e15), { getTime: boom, valueOf: boom }),
  'a signal whose state throws': () =>
    Object.defineProperty(new AbortController().signal, 'aborted', { get: boom }),
  'a signal that cannot be listened to': () =>
    Object.assign(new AbortController().signal, { addEventListener: boom }),
  'a signal that is not let go': () =>
    Object.assign(new AbortController().signal, { removeEventListener: boom }),
  'a signal that belongs to nobody': () =>
    Object.defineProperty(new AbortController().signal, 'constructor', { get: boom }),
  'a signal in name only': () => Object.create(AbortSignal.prototype),
  'a proxy of a signal': () => new Proxy(new AbortController().signal, {}),
  'an aborted signal whose reason throws': () =>
    Object.defineProperty(AbortSignal.abort(), 'reason', { get: boom }),
  'a lone surrogate': () => '\ud800',
  'a text with a NUL': () => 'a\0b',
};

/** With the signal, where it is taken. */
function withSignal(add: Anything, signal: unknown): Anything {
  try {
    return add.with({ signal });
  } catch {
    return add;
  }
}

type Door = (hostile: Anything) => unknown;

const each = (names: readonly string[], door: Door): Record<string, Door> =>
  Object.fromEntries(names.map((name) => [name, (hostile: Anything) => door({ [name]: hostile })]));

/** Makes a pool and ends it. */
const making: Door = (options) => newPool(options).destroy();

/** Doors that throw what is wrong. */
const synchronous = (pool: Anything, add: Anything): Record<string, Door> => ({
  createPool: making,
  ...each(POOL_OPTIONS, making),
  configureDefaultPool: (h) => (configureDefaultPool as Anything)(h),
  'on, event': (h) => pool.on(h, () => {}),
  'on, listener': (h) => pool.on('full', h).off('full', h),
  cancelAll: (h) => pool.cancelAll(h),
  callback: (h) => callback(h),
  'callback, arguments': (h) => callback({ arguments: h, return: 'i32' }),
  'callback, an argument': (h) => callback({ arguments: [h], return: 'i32' }),
  'callback, return': (h) => callback({ arguments: [], return: h }),
  chunks: (h) => chunks(h, h),
  'chunks, options': (h) => chunks({ arguments: ['i32'], return: 'i32' }, h),
  persistent: (h) => (persistent as Anything)(h, h),
  'persistent, function': (h) => (persistent as Anything)(callback({ arguments: [], return: 'i32' }), h),
  out: (h) => out(h),
  inout: (h) => inout(h),
  sharedBytes: (h) => sharedBytes(h),
  with: (h) => add.with(h),
  ...each(
    [
      'signal',
      'timeout',
      'deadline',
      'priority',
      'hostTimeout',
      'highWaterMark',
      'onChunk',
      'attempts',
      'retry',
    ],
    (h) => add.with(h),
  ),
  blocking: (h) => add.blocking(h, h),
});

/** Doors that answer with a promise, and reject it. */
const asynchronous = (
  pool: Pool,
  engine: string,
  add: Anything,
  text: Anything,
  bytes: Anything,
): Record<string, Door> => {
  const any = pool as Anything;
  const DECLARED = { arguments: ['i32', 'i32'], return: 'i32' };
  return {
    'open, path': (h) => any.open(h, { ot_add: DECLARED }, { engine }),
    'open, declarations': (h) => any.open(testlib, h, { engine }),
    'open, declaration': (h) => any.open(testlib, { ot_add: h }, { engine }),
    ...each(['arguments', 'return', 'symbol', 'fails', 'errno', 'lastError', 'onCancel', 'stream'], (h) =>
      any.open(testlib, { ot_add: { ...DECLARED, ...h } }, { engine }),
    ),
    'open, an argument': (h) => any.open(testlib, { ot_add: { arguments: [h], return: 'i32' } }, { engine }),
    'open, options': (h) => any.open(testlib, { ot_add: DECLARED }, h),
    'open, engine': (h) => any.open(testlib, { ot_add: DECLARED }, { engine: h }),
    call: (h) => add(h, 1),
    'call, more': (h) => add(1, 2, h),
    'call, text': (h) => text(h),
    'call, bytes': (h) => bytes(h, 0),
    'call, cancelled': (h) => {
      const call = add(1, 2);
      call.cancel(h);
      return call;
    },
    'call with a signal': (h) => withSignal(add, h)(1, 2),
    mapColumns: (h) => any.mapColumns(add, h),
    'mapColumns, function': (h) => any.mapColumns(h, [new Int32Array(1)]),
    'mapColumns, a column': (h) => any.mapColumns(add, [new Int32Array(2), h]),
    'mapColumns, a named column': (h) => any.mapColumns(add, { a: new Int32Array(2), b: h }),
    'mapColumns, out': (h) => any.mapColumns(add, [new Int32Array(2), 1], h),
    'mapColumns, options': (h) => any.mapColumns(add, [new Int32Array(2), 1], undefined, h),
    ...Object.fromEntries(
      ['signal', 'concurrency', 'onError', 'maxFailures', 'onProgress'].map((name) => [
        `mapColumns, ${name}`,
        (h: Anything) => any.mapColumns(add, [new Int32Array(2), 1], undefined, { [name]: h }),
      ]),
    ),
    // What a function of the caller's throws is passed on.
    retry: (h) => (typeof h === 'function' ? undefined : retry(h)),
    'retry, options': (h) => retry(() => add(1, 2), h),
    ...Object.fromEntries(
      ['signal', 'attempts', 'delay', 'factor', 'deadline', 'retryOn'].map((name) => [
        `retry, ${name}`,
        (h: Anything) => retry(() => add(1, 2), { [name]: h } as Anything),
      ]),
    ),
    parallel: (h) => parallel(h),
    'parallel, start': (h) => parallel([() => add(1, 2), h], { settle: true }),
    'parallel, options': (h) => parallel([() => add(1, 2)], h),
    'parallel, signal': (h) => parallel([() => add(1, 2)], { signal: h }),
    race: (h) => race(h),
    'race, options': (h) => race([() => add(1, 2)], h),
    'race, signal': (h) => race([() => add(1, 2)], { signal: h }),
    close: (h) => {
      const other = createPool({ lanes: 1 });
      const closing = other.close(h);
      return closing.finally(() => void other.destroy());
    },
    'close, timeout': (h) => createPool({ lanes: 1 }).close({ timeout: h }),
  };
};

/** `map` throws what is wrong with what it is given, and its reader gets the rest. */
const mapped = (pool: Pool, add: Anything, one: Anything): Record<string, Door> => {
  const any = pool as Anything;
  return {
    'map, items': (h) => any.map(add, h).toArray(),
    'map, an item': (h) => any.map(add, [[1, 2], h]).toArray(),
    'map, an argument': (h) => any.map(add, [[1, h]]).toArray(),
    'map, an only argument': (h) => any.map(one, [h]).toArray(),
    'map, function': (h) => any.map(h, [1]).toArray(),
    'map, a function of an item': (h) => any.map(() => 1, [h]).toArray(),
    'map, options': (h) => any.map(add, [[1, 2]], h).toArray(),
    ...Object.fromEntries(
      ['signal', 'concurrency', 'ordered', 'attempts', 'retries', 'onError', 'maxFailures', 'onProgress'].map(
        (name) => [`map, ${name}`, (h: Anything) => any.map(add, [[1, 2]], { [name]: h }).toArray()],
      ),
    ),
  };
};

/** Null where it is all right. */
function complaint(what: string, error: unknown): string | null {
  try {
    if (error instanceof OffthreadError) return null;
    return `${what}: ${String((error as Error).stack)}`;
  } catch {
    return `${what}: an error that cannot be read`;
  }
}

onEveryEngine('hostile objects at every door (M4, M27)', (engine) => {
  const its = sharedLab(engine, { lanes: 1 });
  const strays: string[] = [];
  const hear = (error: unknown): void =>
    void strays.push(complaint('uncaught', error) ?? 'uncaught, and typed');
  let text: Anything;
  before(async () => {
    const lib = await its.pool.open(
      testlib,
      { ot_checksum: { arguments: ['buffer', 'u32'], return: 'u32' } },
      { engine },
    );
    text = lib.ot_checksum;
    process.on('unhandledRejection', hear);
  });
  after(() => void process.off('unhandledRejection', hear));

  async function expectTyped(doors: (add: Anything) => Record<string, Door>, throws: boolean): Promise<void> {
    const wrong: string[] = [];
    const { pool } = its;
    const add = its.lib.ot_add as Anything;
    for (const [door, enter] of Object.entries(doors(add))) {
      for (const [kind, make] of Object.entries(HOSTILE)) {
        const what = `${door} with ${kind}`;
        let answer: unknown;
        try {
          answer = enter(make());
        } catch (error) {
          wrong.push(
            throws ? (complaint(what, error) ?? '') : `${what}: thrown, not rejected: ${String(error)}`,
          );
        }
        try {
          await answer;
        } catch (error) {
          wrong.push(complaint(what, error) ?? '');
        }
        const { queued, waiting, running } = pool.stats();
        if (queued + waiting + running !== 0) wrong.push(`${what}: pending`);
      }
    }
    expect(wrong.filter((one) => one !== '').join('\n')).to.equal('');
    await turns(1);
    expect(strays).to.deep.equal([]);
    await pool.drain();
    expect(await add(1, 2), 'it works').to.equal(3);
  }

  it('what is thrown is typed', () => expectTyped((add) => synchronous(its.pool, add), true));
  it('what is rejected is typed, and not thrown', () =>
    expectTyped((add) => asynchronous(its.pool, engine, add, text, text), false));
  it('map', () => expectTyped((add) => mapped(its.pool, add, text), true));

  for (const value of ['x', -1, null, () => 'x']) {
    it(`what is on Object.prototype is no option: ${typeof value}`, async () => {
      const names = [...new Set([...NAMES, ...POOL_OPTIONS])].filter((name) => !INHERITED.has(name));
      const { pool, lib } = its;
      const items = Array.from({ length: 100 }, (_, at) => [at, 1] as const);
      try {
        for (const name of names) {
          // oxlint-disable-next-line no-extend-native -- that is what is tried
          Object.defineProperty(Object.prototype, name, {
            value,
            enumerable: false,
            configurable: true,
            writable: true,
          });
        }
        const other = createPool({ lanes: 1 });
        const { ot_add: add } = await other.open(
          testlib,
          { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } },
          { engine },
        );
        expect(await add(1, 2)).to.equal(3);
        expect(await add.with({})(1, 2)).to.equal(3);
        expect(await lib.ot_add.with({ priority: 1 })(1, 2)).to.equal(3);
        expect(await pool.map(lib.ot_add, items, {}).toArray()).to.deep.equal(items.map(([at]) => at + 1));
        const { out: sums } = await pool.mapColumns(
          lib.ot_add,
          [Int32Array.of(1, 2), Int32Array.of(3, 4)],
          undefined,
          {},
        );
        expect([...(sums as Int32Array)]).to.deep.equal([4, 6]);
        expect(await retry(() => add(1, 2), {})).to.equal(3);
        expect(await parallel([() => add(1, 2)], {})).to.deep.equal([3]);
        expect(await race([() => add(1, 2)], {})).to.equal(3);
        await other.close();
        await createPool().close({});
      } finally {
        for (const name of names) delete (Object.prototype as Record<string, unknown>)[name];
      }
    });
  }
});
