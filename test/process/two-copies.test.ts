/** B6: two copies of offthread in one process that share one ffi-rs, as two dependencies of an application may bring. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { contractEngines } from '../helpers/contract.js';
import { runProgram } from '../helpers/program.js';
import { packageRoot } from '../helpers/testlib.js';

/** Another installation of the package, beside the same dependencies. */
function copyOfPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offthread-copy-'));
  for (const part of ['package.json', 'dist/package']) {
    cpSync(join(packageRoot(), part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe('two copies of offthread in one process', function () {
  this.timeout(20_000);
  let copy = '';
  before(() => {
    copy = copyOfPackage();
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  // ffi-rs has one table of libraries for the process: while a call of one copy runs, the other may not change it.
  for (const engine of contractEngines.filter((name) => name === 'ffi-rs')) {
    for (const [first, second] of [
      ['ours', 'theirs'],
      ['theirs', 'ours'],
    ] as const) {
      it(`an open of ${second} waits for the call of ${first} [${engine}]`, async () => {
        const end = await runProgram(
          engine,
          `
          const theirs = await import(${JSON.stringify(pathToFileURL(join(copy, 'dist/package/index.js')).href)});
          const ours = { createPool };
          const caller = ${first}.createPool({ lanes: 1 });
          const opener = ${second}.createPool({ lanes: 1 });
          const lib = await caller.open(TESTLIB, fns, { engine: 'ffi-rs' });
          const held = lib.ot_enter_and_wait(entered, release, 8_000);
          while (Atomics.load(entered, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
          let opened = false;
          const late = opener.open('libm.so.6', { floor: { arguments: ['f64'], return: 'f64' } }, { engine: 'ffi-rs' });
          late.finally(() => (opened = true)).catch(() => {});
          // The gate looks every 2 ms: it has looked often.
          for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
          say(opened ? 'opened while a call ran' : 'waits');
          Atomics.store(release, 0, 1);
          await held;
          say(await (await late).floor(2.5));
          say(await lib.ot_add(40, 2));
        `,
        );
        expect(end.stderr).to.equal('');
        expect(end).to.include({ code: 0, signal: null, stdout: 'waits\n2\n42\n' });
      });
    }
  }
});
