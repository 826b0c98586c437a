/** Modules that behave badly cost an error, not a lane or a call: B13, M20 to M24, M31. */
import { expect } from 'chai';
import type { Pool } from 'offthread';
import { transfer } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { errorOf, moduleFile, onEveryLane, removeModules } from '../../helpers/module-lab.js';

type Fn<T> = (value: T) => unknown;

interface Odd {
  add(a: number, b: number): number;
  throwBlob(): never;
  throwShared(): never;
  throwWithBlob(): never;
  throwChanging(): never;
  ask(fn: Fn<unknown>, value?: unknown): Promise<unknown>;
  askSync(fn: Fn<unknown>, value?: unknown): unknown;
  lengthSync(fn: Fn<Uint8Array>, bytes: number): number;
  forget(fn: Fn<number>): Promise<string>;
}

const ODD = `
export function add(a, b) { return a + b; }
export function throwBlob() { throw new Blob(['x']); }
export function throwShared() { throw { memory: new SharedArrayBuffer(8) }; }
export function throwWithBlob() { throw Object.assign(new Error('with a blob'), { code: 'E', blob: new Blob(['x']), deep: { blob: new Blob(['x']) } }); }
export function throwChanging() { let reads = 0; throw { get x() { reads += 1; return reads > 1 ? () => 1 : 1; } }; }
export async function ask(fn, value) { return await fn(value); }
export function askSync(fn, value) { return fn.sync(value); }
export function lengthSync(fn, bytes) { return fn.sync(new Uint8Array(bytes)).length; }
export async function forget(fn) { fn(1); fn(2); return 'gone'; }
`;

onEveryLane('modules: bad values (B13)', (kind) => {
  let pool: Pool;
  let odd: Awaited<ReturnType<typeof open>>;
  const open = async () => await pool.module<Odd>(moduleFile('odd.mjs', ODD));
  before(async () => {
    pool = createPool({ lanes: 1 });
    odd = await open();
  });
  after(async () => {
    await pool.destroy();
    removeModules();
  });
  /** The lane that has served everything so far is still there. */
  afterEach(async () => {
    expect(await odd.add(1, 2)).to.equal(3);
    expect(pool.stats().lanesCrashed).to.equal(0);
  });

  for (const name of ['throwBlob', 'throwShared', 'throwWithBlob', 'throwChanging'] as const) {
    it(`${name}: what cannot be sent to every lane is thrown as its text, or left out`, async () => {
      const error = await errorOf(odd[name]());
      expect(error.kind).to.equal('module');
      if (name === 'throwWithBlob') expect(error.cause).to.include({ message: 'with a blob', code: 'E' });
    });
  }

  for (const name of ['ask', 'askSync'] as const) {
    it(`${name}: a function of the caller may return or throw what cannot be sent`, async () => {
      const throws = (value: unknown) => () => {
        throw value as Error;
      };
      expect((await errorOf(odd[name](() => () => 1))).kind).to.equal('module');
      expect((await errorOf(odd[name](throws(new Blob(['x']))))).kind).to.equal('module');
      expect((await errorOf(odd[name](throws({ a: new SharedArrayBuffer(8) })))).kind).to.equal('module');
      if (kind === 'process') {
        expect((await errorOf(odd[name](() => new SharedArrayBuffer(8)))).kind).to.equal('module');
      }
    });
  }

  it('sync() takes answers of megabytes', async () => {
    expect(await odd.lengthSync((bytes) => bytes, 3_000_000)).to.equal(3_000_000);
    expect(odd.lengthSync.blocking((bytes) => bytes, 3_000_000)).to.equal(3_000_000);
  });

  it('a function of the caller may transfer its result', async () => {
    const bytes = new Uint8Array(10).fill(4);
    expect(await odd.ask(() => transfer(bytes))).to.deep.equal(new Uint8Array(10).fill(4));
    expect(bytes.byteLength).to.equal(0);
  });

  it('answers that nobody awaits when the call ends, or is cancelled, end no lane', async () => {
    expect(await odd.forget(() => new Promise(() => {}))).to.equal('gone');
    const call = odd.forget(() => {
      call.cancel();
      return 1;
    });
    await errorOf(call).catch(() => {});
    expect(await odd.add(1, 2)).to.equal(3);
    expect(await pool.laneReports()).to.have.length(1);
  });
});

/** What a program may replace, or add to all objects. */
const REPLACING = `
export const echo = (value) => value;
export async function later(value) { await null; return value; }
export function* count() { yield 1; yield 'x'.repeat(100_000); }
export async function ask(fn, value) { return await fn(value); }
export function askSync(fn, value) { return fn.sync(value); }
export function fail() { throw new TypeError('as ever'); }
for (const name of ['value', 'form', 'attachments', 'thrown', 'message', 'kind', 'cause', 'polluted']) Object.prototype[name] = 'added';
Array.prototype.added = 1;
for (const name of ['load', 'store', 'add', 'wait', 'notify']) Atomics[name] = () => { throw new Error('replaced'); };
Promise.prototype.then = () => { throw new Error('replaced'); };
globalThis.Promise = class {};
globalThis.structuredClone = performance.now = Date.now = Math.max = Math.min = () => NaN;
globalThis.setTimeout = globalThis.setImmediate = globalThis.queueMicrotask = () => {};
process.dlopen = () => { throw new Error('replaced'); };
`;

onEveryLane('modules: replaced built-ins (B13)', () => {
  after(removeModules);

  it('change nothing for the calls of a module', async () => {
    const pool = createPool({ lanes: 1 });
    try {
      type Replacing = Pick<Odd, 'ask' | 'askSync'> & {
        echo(value: unknown): unknown;
        later(value: unknown): Promise<unknown>;
        count(): Generator<unknown, undefined, undefined>;
        fail(): never;
      };
      const work = await pool.module<Replacing>(moduleFile('replacing.mjs', REPLACING));
      const large = 'x'.repeat(100_000);
      for (const value of [1, { a: [1, 'x'] }, large, new Map([[1, 2]]), new Uint8Array(50_000)]) {
        expect(await work.echo(value)).to.deep.equal(value);
        expect(await work.later(value)).to.deep.equal(value);
        expect(await work.ask((x) => x, value)).to.deep.equal(value);
        expect(await work.askSync(async (x) => await Promise.resolve(x), value)).to.deep.equal(value);
      }
      const read: unknown[] = [];
      for await (const value of work.count.stream()) read.push(value);
      expect(read).to.deep.equal([1, large]);
      expect((await errorOf(work.fail())).cause).to.be.an.instanceOf(TypeError);
      expect(pool.stats().lanesCrashed).to.equal(0);
    } finally {
      await pool.destroy();
    }
  });
});

onEveryLane('modules: slow setup (B13)', (kind) => {
  if (kind === 'thread') return;
  after(removeModules);

  it('in a process is waited for up to its timeout, and so are the calls behind it', async () => {
    const pool = createPool({ lanes: 2 });
    try {
      const url = moduleFile(
        'slow-setup.mjs',
        'export function setup() { for (const end = performance.now() + 6_500; performance.now() < end; ); }\n' +
          'export function add(a, b) { return a + b; }',
      );
      const slow = await pool.module<{ add(a: number, b: number): number }>(url, { setup: 'setup' });
      // One lane has loaded it; the calls that the other one gets wait for its setup.
      const sums = await Promise.all(Array.from({ length: 600 }, (_, n) => slow.add(n, n)));
      expect(sums).to.deep.equal(sums.map((_, n) => 2 * n));
      const { lanesCrashed, lanesKilled } = pool.stats();
      expect({ lanesCrashed, lanesKilled }).to.deep.equal({ lanesCrashed: 0, lanesKilled: 0 });
    } finally {
      await pool.destroy();
    }
  });
});
