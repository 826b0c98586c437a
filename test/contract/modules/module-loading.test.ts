/** Modules of every form, and modules that cannot be loaded: B13. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Pool, PoolOptions } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import {
  WORK,
  type Work,
  errorOf,
  moduleFile,
  onEveryLane,
  removeModules,
} from '../../helpers/module-lab.js';

onEveryLane('modules: loading (B13)', () => {
  let pool: Pool | undefined;
  const open = (options: PoolOptions = {}): Pool => {
    pool = createPool({ lanes: 1, ...options });
    return pool;
  };
  afterEach(async () => await pool?.destroy());
  after(removeModules);

  it('by URL, path, and the name of a module of Node.js', async () => {
    const each = open();
    expect(await (await each.module<Work>(fileURLToPath(WORK))).add(1, 2)).to.equal(3);
    const zlib = await each.module<typeof import('node:zlib')>('node:zlib');
    const packed = await zlib.deflateSync(Buffer.from('text '.repeat(100)));
    expect(Buffer.from(await zlib.inflateSync(packed)).toString()).to.equal('text '.repeat(100));
    const crypto = await each.module<typeof import('node:crypto')>('crypto');
    expect(await crypto.pbkdf2Sync('secret', 'salt', 10, 8, 'sha256')).to.have.length(8);
  });

  it('CommonJS: module.exports of an object, of a function, and what the lexer does not see', async () => {
    const each = open();
    const object = await each.module<{ ab(): boolean }>(
      moduleFile(
        'object.cjs',
        'const all = {}; all["a" + "b"] = function () { return this === all; }; module.exports = all;',
      ),
    );
    expect(await object.ab()).to.equal(true);
    const whole = await each.module<{ default: (task: { n: number }) => number }>(
      moduleFile('task.cjs', 'module.exports = ({ n }) => n * 2;'),
    );
    expect(await whole.default({ n: 21 })).to.equal(42);
  });

  it('setup gets the data once in each lane, and teardown runs before the lane ends', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offthread-teardown-'));
    const file = join(folder, 'lanes');
    try {
      const each = open({ lanes: 2 });
      const data = { greeting: 'hi', file };
      const work = await each.module<Work>(WORK, { setup: 'setup', teardown: 'teardown', data });
      const greetings = await Promise.all(['a', 'b', 'c'].map((name) => work.greet(name)));
      expect(greetings).to.deep.equal(['hi, a', 'hi, b', 'hi, c']);
      await each.laneReports();
      await each.close();
      expect(readFileSync(file, 'utf8').trim().split('\n')).to.have.length(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a setup that throws, or is not exported, is an error of pool.module', async () => {
    const each = open();
    const thrown = await errorOf(each.module(WORK, { setup: 'brokenSetup' }));
    expect(thrown.code).to.equal('OFFTHREAD_MODULE_SETUP');
    expect((thrown.cause as Error).message).to.equal('no setup today');
    expect((await errorOf(each.module(WORK, { setup: 'nothing' }))).message).to.include('nothing');
  });

  it('a module that throws is an error with its own stack, and the pool goes on', async () => {
    const each = open();
    const url = moduleFile('throws.mjs', 'throw new TypeError("while loading");');
    const error = await errorOf(each.module(url));
    expect(error.code).to.equal('OFFTHREAD_MODULE_LOAD');
    expect(error.message).to.include('while loading');
    expect((error.cause as Error).stack).to.include('throws.mjs:1');
    expect(await (await each.module<Work>(WORK)).add(1, 2)).to.equal(3);
  });

  it('a module that is missing, or of another kind, is an error that says what to do', async () => {
    const each = open();
    expect((await errorOf(each.module('./no-such-file.mjs'))).message).to.include('Check the path');
    expect((await errorOf(each.module('no-such-package'))).message).to.include('import.meta.resolve');
    expect((await errorOf(each.module('./libz.so.1'))).message).to.include('pool.open');
    expect((await errorOf(each.module(7 as never))).kind).to.equal('argument');
    expect((await errorOf(each.open('./work.js', {}))).message).to.include('pool.module');
    expect((await errorOf(each.open('./addon.node', {}))).message).to.include('pool.module');
  });

  for (const [what, text] of [
    ['awaits for ever', 'await new Promise(() => {}); setInterval(() => {}, 1000);'],
    ['computes for ever', 'for (;;);'],
  ] as const) {
    it(`a module that ${what} when it is loaded is an error after the timeout, and the pool goes on`, async () => {
      const each = open();
      const error = await errorOf(each.module(moduleFile(`${what}.mjs`, text), { timeout: 200 }));
      expect(error.message).to.include('200 ms');
      expect(await (await each.module<Work>(WORK)).add(1, 2)).to.equal(3);
    });
  }

  it('a module that exits when it is loaded is an error, and the pool goes on', async () => {
    const each = open();
    const error = await errorOf(each.module(moduleFile('exits.mjs', 'process.exit(3);')));
    expect(error.kind).to.equal('crash');
    expect(await (await each.module<Work>(WORK)).add(1, 2)).to.equal(3);
  });

  it('functions of a closed pool, and of a module that was disposed of, are refused', async () => {
    const each = open();
    const first = await each.module<Work>(WORK);
    await first[Symbol.asyncDispose]();
    expect((await errorOf(first.add(1, 2))).kind).to.equal('closed');
    const second = await each.module<Work>(WORK);
    await each.close();
    expect((await errorOf(second.add(1, 2))).kind).to.equal('closed');
    expect((await errorOf(each.module(WORK))).kind).to.equal('closed');
  });

  it('an unhandled rejection after the call, or process.exit() in one, costs the lane, not the pool', async () => {
    const url = moduleFile(
      'late.mjs',
      'export function late() { setImmediate(() => { throw new Error("late"); }); return 1; }\n' +
        'export function exit() { process.exit(4); }\nexport function add(a, b) { return a + b; }',
    );
    const each = open();
    const crashes: string[] = [];
    const crashed = new Promise<void>((resolve) => {
      each.on('lane-crashed', ({ error }) => {
        crashes.push(error.message);
        resolve();
      });
    });
    const late = await each.module<{ late(): number; exit(): void; add(a: number, b: number): number }>(url);
    expect(await late.late()).to.equal(1);
    await crashed;
    expect(await late.add(1, 2)).to.equal(3);
    expect((await errorOf(late.exit())).kind).to.equal('crash');
    expect(await late.add(3, 4)).to.equal(7);
    expect(crashes).to.have.length(2);
  });
});
