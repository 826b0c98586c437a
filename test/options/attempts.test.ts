/** M11: one word for how often something is started: `attempts`, the first time included; its former names are taken, too. */
import { expect } from 'chai';
import { CallTimeoutError } from '../../src/errors.js';
import { ArgumentError, type CallOptions, type MapOptions } from '../../src/index.js';
import { callSettings, givenCallOptions } from '../../src/options/call-options.js';
import { mapSettings } from '../../src/options/map-options.js';
import { retrySettings } from '../../src/options/retry-options.js';

/** How often a call is started at most. */
const ofCall = (options: CallOptions): number => callSettings(options).attempts;

/** How often an item is started at most that fails in that way each time. */
function ofItem(options: MapOptions, error: unknown): number {
  const { again } = mapSettings(options);
  for (let failures = 1; failures < 50; failures += 1) if (again(error, failures) === null) return failures;
  return Infinity;
}

const timeout = new CallTimeoutError('late.');
const other = new Error('odd');

describe('attempts (M11)', () => {
  it('are one by default for a call and an item, three for retry, and have the same range for each', () => {
    expect([ofCall({}), ofItem({}, timeout), retrySettings({}).attempts]).to.deep.equal([1, 1, 3]);
    for (const attempts of [1, 2, 7, 1_000_000, Infinity]) {
      const least = Math.min(attempts, 50);
      expect(ofCall({ attempts })).to.equal(attempts);
      expect(Math.min(ofItem({ attempts }, timeout), 50)).to.equal(least);
      expect(Math.min(ofItem({ attempts: { other: { attempts } } }, other), 50)).to.equal(least);
      expect(retrySettings({ attempts }).attempts).to.equal(attempts);
    }
    for (const attempts of [0, -1, 1.5, 1_000_001, NaN, '2', null]) {
      const wrong = { attempts } as never;
      const nested = { attempts: { other: { attempts } } } as never;
      for (const check of [
        () => callSettings(wrong),
        () => mapSettings(wrong),
        () => mapSettings(nested),
        () => retrySettings(wrong),
      ]) {
        expect(check).to.throw(ArgumentError, /`attempts[^`]*`/);
      }
    }
    expect(() => mapSettings({ attempts: { other: null } })).to.throw(
      ArgumentError,
      /`attempts\.other` is null/,
    );
  });

  it('of items are by kind of error, also for those of others', () => {
    const options: MapOptions = { attempts: { timeout: 2, other: { attempts: 3, delay: 0 } } };
    expect([ofItem(options, timeout), ofItem(options, other)]).to.deep.equal([2, 3]);
    expect(ofItem({ attempts: { crash: 5 } }, other), 'of a kind that is not named').to.equal(1);
  });
});

describe('the former names of attempts (M11)', () => {
  it('`retry` of a call: so many further starts', () => {
    for (const retry of [0, 1, 5]) expect(ofCall({ retry })).to.equal(retry + 1);
    expect(ofCall({ retry: 2 ** 31 })).to.equal(Infinity);
    expect(() => callSettings({ retry: -1 })).to.throw(ArgumentError, /`retry` is -1/);
  });

  it('`retries` of map: so many further starts, also by kind of error', () => {
    for (const retries of [0, 1, 5]) expect(ofItem({ retries }, timeout)).to.equal(retries + 1);
    const retries = { timeout: 2, other: { retries: 3, delay: 0 } };
    expect([ofItem({ retries }, timeout), ofItem({ retries }, other)]).to.deep.equal([3, 4]);
    for (const [wrong, name] of [
      [-1, /`retries` is -1/],
      ['often', /`retries`.*an object with error kinds/],
      [{ native: -1 }, /`retries\.native` is -1/],
      [{ native: { retries: 1.5 } }, /`retries\.native\.retries` is 1\.5/],
      [{ native: { attempts: 2 } }, /Unknown `retries\.native` option `attempts`/],
      [{ sometimes: 1 }, /Unknown `retries` option `sometimes`/],
      [{ native: { retries: 1, delay: -1 } }, /`retries\.native\.delay` is -1/],
      [{ native: { retries: 1, factor: 0 } }, /`retries\.native\.factor` is 0/],
    ] as const) {
      expect(() => mapSettings({ retries: wrong })).to.throw(ArgumentError, name);
    }
  });

  it('what they are given with `attempts` is an error, not a guess', () => {
    expect(() => callSettings({ attempts: 2, retry: 1 })).to.throw(ArgumentError, /`attempts` and `retry`/);
    expect(() => mapSettings({ attempts: 2, retries: 1 })).to.throw(
      ArgumentError,
      /`attempts` and `retries`/,
    );
    expect(ofCall({ attempts: 2, retry: undefined } as never)).to.equal(2);
  });

  it('the later of two options of a function counts, by either name', () => {
    const merged = (...all: CallOptions<unknown>[]): number =>
      callSettings(Object.assign({}, ...all.map((one) => givenCallOptions(one))) as CallOptions).attempts;
    expect(merged({ attempts: 4 }, { retry: 1 })).to.equal(2);
    expect(merged({ retry: 1 }, { attempts: 4 })).to.equal(4);
  });
});
