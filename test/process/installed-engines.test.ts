/** B6: `auto` takes what the application has installed: koffi in the range that offthread needs, else ffi-rs. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { laneKinds } from '../helpers/lane-kind.js';
import { packageRoot, testlib } from '../helpers/testlib.js';

/** Opens a library without the word `engine`; says which one it has, and what it answers. */
const PROGRAM = `
  import { callback, createPool } from 'offthread';
  const pool = createPool({ lanes: 1, isolation: process.argv[2] });
  const add = { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' };
  const ask = { symbol: 'ot_call_callback', arguments: [callback({ arguments: ['i32'], return: 'i32' }), 'i32'], return: 'i32' };
  const lib = await pool.open(${JSON.stringify(testlib)}, { add });
  console.log(lib.engine, await lib.add(1, 2));
  await pool.open(${JSON.stringify(testlib)}, { ask }).then(
    async (talking) => console.log(talking.engine, await talking.ask((n) => n, 3)),
    ({ code, message }) => console.log(code, message),
  );
  await pool.close();`;

/** Opens a library in a worker thread; says why that fails. */
const IN_WORKER = `
  import { Worker, isMainThread } from 'node:worker_threads';
  import { createPool } from 'offthread';
  if (isMainThread) new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  else {
    const pool = createPool({ lanes: 1, isolation: process.argv[2] });
    const add = { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' };
    await pool.open(${JSON.stringify(testlib)}, { add }).then(
      ({ engine }) => console.log(engine),
      ({ code, message }) => console.log(code, message),
    );
    await pool.close();
  }`;

describe('the engine of an application (B6)', function () {
  this.timeout(60_000);
  let folder: string;
  let koffi: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'offthread-installed-'));
    const modules = join(folder, 'node_modules');
    const offthread = join(modules, 'offthread');
    koffi = join(modules, 'koffi');
    mkdirSync(offthread, { recursive: true });
    // As it is installed: with its dependencies beside it, and not with what it is developed with.
    for (const part of ['package.json', 'dist/package']) {
      cpSync(join(packageRoot(), part), join(offthread, part), { recursive: true });
    }
    symlinkSync(join(packageRoot(), 'node_modules/ffi-rs'), join(modules, 'ffi-rs'));
    writeFileSync(join(folder, 'program.mjs'), PROGRAM);
    writeFileSync(join(folder, 'in-worker.mjs'), IN_WORKER);
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(() => rmSync(koffi, { recursive: true, force: true }));

  function run(isolation: string, program = 'program.mjs'): string[] {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, program), isolation], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    return stdout.trim().split('\n');
  }

  /** A package of that name: its files by name. */
  function install(files: Readonly<Record<string, string>>): void {
    mkdirSync(koffi);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(koffi, name), text);
  }

  for (const isolation of laneKinds) {
    it(`is koffi where that is installed [${isolation}]`, () => {
      symlinkSync(join(packageRoot(), 'node_modules/koffi'), koffi);
      expect(run(isolation)).to.deep.equal(['koffi 3', 'koffi 3']);
    });

    it(`is ffi-rs where koffi is not installed, and what ffi-rs lacks says to install it [${isolation}]`, () => {
      const [plain, talking] = run(isolation);
      expect(plain).to.equal('ffi-rs 3');
      expect(talking).to.match(
        /^OFFTHREAD_ENGINE_MISSING .*ffi-rs does not support the function 'ask', .*npm install koffi@3/,
      );
    });

    it(`is missing in a worker thread where koffi is not installed, and the error says to install it [${isolation}]`, () => {
      const [said] = run(isolation, 'in-worker.mjs');
      expect(said)
        .to.match(/^OFFTHREAD_ENGINE_MISSING .*npm install koffi@3/)
        .and.not.match(/engine 'auto'/);
    });

    it(`is ffi-rs where koffi is of another version, or cannot be loaded [${isolation}]`, () => {
      for (const [index, why] of [
        ["module.exports = { version: '2.16.3' };", /version 2\.16\.3 is installed/],
        ["throw new Error('no binary for this system');", /no binary for this system/],
      ] as const) {
        rmSync(koffi, { recursive: true, force: true });
        install({ 'package.json': '{ "name": "koffi", "main": "index.js" }', 'index.js': index });
        const [plain, talking] = run(isolation);
        expect(plain).to.equal('ffi-rs 3');
        expect(talking)
          .to.match(/^OFFTHREAD_ENGINE_MISSING /)
          .and.match(why);
      }
    });
  }
});
