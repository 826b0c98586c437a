/** M26, M30: options are checked once, at the door; whatever comes, it is settings or an ArgumentError. */
import { availableParallelism } from 'node:os';
import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { ArgumentError } from '../../src/errors.js';
import { type CallOptions, type CallSettings, callSettings } from '../../src/options/call-options.js';
import { LONGEST_MS } from '../../src/options/checks.js';
import {
  type PoolOptions,
  type PoolSettings,
  closeTimeout,
  poolSettings,
} from '../../src/options/pool-options.js';

/** What `check` gives, or null for an ArgumentError; nothing else may be thrown. */
function outcome<R>(check: () => R): R | null {
  try {
    return check();
  } catch (error) {
    expect(error).to.be.instanceOf(ArgumentError);
    expect((error as ArgumentError).message).to.match(/\.$/);
    return null;
  }
}

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  maxDepth: 2,
});

/** Values near the limits, and anything. */
const value = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.5,
    2 ** 31,
    2 ** 31 - 1,
    2 ** 31 + 1,
    1_024,
    1_025,
    NaN,
    Infinity,
    -Infinity,
  ),
  fc.constantFrom('cpu', 'thread', 'reject', 'wait', 'low-memory', '', 'x'.repeat(65), undefined, null, true),
  fc.integer(),
  anything,
);

const POOL = [
  'lanes',
  'sizing',
  'isolation',
  'maxQueue',
  'whenFull',
  'maxWaiting',
  'timeout',
  'grace',
  'maxLostLanes',
  'stackSizeMb',
  'name',
  'preset',
] as const satisfies (keyof PoolOptions)[];
const CALL = ['signal', 'timeout', 'deadline', 'priority'] as const satisfies (keyof CallOptions)[];

const objectOf = (names: readonly string[]): fc.Arbitrary<unknown> =>
  fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 });

function sane(settings: PoolSettings): void {
  const { lanes, maxQueue, maxWaiting, timeout, grace, maxLostLanes, stackSizeMb, name, tuning } = settings;
  const whole = (one: number, least: number, most: number): void => {
    expect(Number.isInteger(one) && one >= least && one <= most, String(one)).to.equal(true);
  };
  whole(lanes, 1, 1_024);
  if (maxQueue !== Infinity) whole(maxQueue, 0, 2 ** 31);
  whole(maxWaiting, 0, 2 ** 31);
  expect(timeout > 0 && (timeout <= LONGEST_MS || timeout === Infinity), 'timeout').to.equal(true);
  expect(grace >= 0 && (grace <= LONGEST_MS || grace === Infinity), 'grace').to.equal(true);
  whole(maxLostLanes, 0, 1_024);
  whole(stackSizeMb, 1, 64);
  expect(typeof name === 'string' && name.length >= 1 && name.length <= 64).to.equal(true);
  expect(['reject', 'wait']).to.include(settings.whenFull);
  expect(settings.isolation).to.equal('thread');
  expect(Math.log2(tuning.rows) % 1, 'rows are a power of two').to.equal(0);
  expect(tuning.arenaBytes % 16).to.equal(0);
  expect(Object.isFrozen(settings)).to.equal(true);
}

function saneCall({ signal, timeout, deadline, priority }: CallSettings): void {
  expect(signal === undefined || signal instanceof AbortSignal).to.equal(true);
  if (timeout !== undefined) expect(timeout > 0).to.equal(true);
  if (deadline instanceof Date) expect(Number.isNaN(deadline.getTime())).to.equal(false);
  else if (deadline !== undefined) expect(deadline >= 0).to.equal(true);
  expect(Number.isInteger(priority) && priority >= -128 && priority <= 127).to.equal(true);
}

describe('options (M26, M30)', () => {
  it('whatever a pool is made with, it gets sane settings or an ArgumentError', () => {
    fc.assert(
      fc.property(fc.oneof(objectOf(POOL), anything), (options) => {
        const settings = outcome(() => poolSettings(options as PoolOptions));
        if (settings !== null) sane(settings);
      }),
      { numRuns: 1_000 },
    );
  });

  it('whatever a call is made with, it gets sane settings or an ArgumentError', () => {
    fc.assert(
      fc.property(fc.oneof(objectOf(CALL), anything), (options) => {
        const settings = outcome(() => callSettings(options as CallOptions));
        if (settings !== null) saneCall(settings);
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.oneof(objectOf(['timeout']), anything), (options) => {
        const timeout = outcome(() => closeTimeout(options));
        if (timeout !== null) expect(timeout >= 0).to.equal(true);
      }),
    );
  });

  it('what is no plain object is refused, not taken for an empty one', () => {
    for (const options of [
      [],
      new Map([['lanes', 1]]),
      new Date(),
      /x/,
      new Set(),
      new Uint8Array(2),
      () => 1,
    ]) {
      expect(() => poolSettings(options as PoolOptions), inspect(options)).to.throw(ArgumentError);
      expect(() => callSettings(options as CallOptions), inspect(options)).to.throw(ArgumentError);
    }
  });

  it('objects that throw when they are read are refused with an ArgumentError', () => {
    const throwing = {
      get lanes(): number {
        throw new Error('a getter');
      },
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('a proxy');
        },
      },
    );
    for (const options of [throwing, proxy]) expect(() => poolSettings(options)).to.throw(ArgumentError);
  });

  it('names the option that is wrong, the value, and what it has to be', () => {
    expect(() => poolSettings({ lanes: 0 })).to.throw(ArgumentError, /`lanes` is 0; .* from 1 to 1024/);
    expect(() => poolSettings({ grace: -1 })).to.throw(ArgumentError, /`grace` is -1/);
    expect(() => callSettings({ priority: 128 })).to.throw(ArgumentError, /`priority` is 128/);
    expect(() => callSettings({ deadline: new Date(NaN) })).to.throw(ArgumentError, /`deadline`/);
    const mistyped = { lane: 2 };
    expect(() => poolSettings(mistyped as PoolOptions)).to.throw(
      ArgumentError,
      /Unknown pool option `lane`.*lanes/,
    );
  });

  it('says of options that were removed, whatever their value, why there is no need for them', () => {
    for (const isolation of ['thread', 'process']) {
      for (const control of ['shared', 'kill-only', undefined]) {
        expect(() => poolSettings({ isolation, control } as never)).to.throw(
          ArgumentError,
          /`control`.*removed.*share memory.*OFFTHREAD_NO_SHARED_MEMORY/,
        );
      }
      expect(() => poolSettings({ isolation, maxKills: 0 } as never)).to.throw(
        ArgumentError,
        /`maxKills`.*removed.*maxDeaths/,
      );
    }
  });

  it('fills in what is not given', () => {
    const settings = poolSettings();
    sane(settings);
    expect(settings).to.include({
      lanes: availableParallelism(),
      maxQueue: 1_000,
      whenFull: 'reject',
      timeout: 30_000,
      grace: 1_000,
      maxLostLanes: 4,
      stackSizeMb: 4,
      name: 'offthread',
    });
    expect(poolSettings({})).to.deep.equal(settings);
    expect(poolSettings({ lanes: undefined } as unknown as PoolOptions)).to.deep.equal(settings);
  });

  it('0 is unlimited for a timeout, and means at once for grace and close', () => {
    expect(poolSettings({ timeout: 0 }).timeout).to.equal(Infinity);
    expect(poolSettings({ timeout: -0 }).timeout).to.equal(Infinity);
    expect(callSettings({ timeout: 0 }).timeout).to.equal(Infinity);
    expect(callSettings({}).timeout).to.equal(undefined);
    expect(poolSettings({ grace: 0 }).grace).to.equal(0);
    expect(closeTimeout({ timeout: 0 })).to.equal(0);
  });

  it('sizing and presets decide what is left open, and nothing that is given', () => {
    const blocking = poolSettings({ sizing: 'blocking' }).lanes;
    expect(blocking).to.equal(Math.min(64, Math.max(4, availableParallelism() * 4)));
    expect(poolSettings({ sizing: 'blocking', lanes: 3 }).lanes).to.equal(3);
    for (const preset of ['low-latency', 'high-throughput', 'low-memory'] as const) {
      sane(poolSettings({ preset }));
      expect(poolSettings({ preset }).tuning).to.not.deep.equal(poolSettings().tuning);
      expect(poolSettings({ preset, maxQueue: 7 }).maxQueue).to.equal(7);
    }
  });

  it('later changes of the options change nothing', () => {
    const options = { lanes: 2, name: 'before' };
    const settings = poolSettings(options);
    options.lanes = 9;
    options.name = 'after';
    expect(settings).to.include({ lanes: 2, name: 'before' });
    const deadline = new Date(Date.now() + 60_000);
    const call = callSettings({ deadline });
    deadline.setTime(NaN);
    saneCall(call);
  });
});
