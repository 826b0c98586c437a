import { expect } from 'chai';

import { loadEngine } from '../../src/engines/load-engine.js';
import { EngineError } from '../../src/errors.js';
import { from, runProcess } from './engine-child.js';
import { probeLibrary } from '../helpers/engine-probe.js';
import { ENGINES } from '../helpers/contract.js';

describe('loading engines (B6)', () => {
  it('loads no native code on import', () => {
    const end = runProcess(`
      for (const file of [${from('load-engine')}, ${from('select-engine')}, ${from('system/exit-now')}]) await import(file);
      const { readFileSync } = await import('node:fs');
      console.log(/ffi-rs|koffi/.test(readFileSync('/proc/self/maps', 'utf8')));`);
    expect(end).to.include({ stdout: 'false\n', stderr: '', code: 0 });
  });

  for (const name of ['ffi-rs', 'koffi'] as const) {
    it(`says what to do where ${name} is missing`, () => {
      const end = runProcess(`
        import { Module } from 'node:module';
        const resolve = Module._resolveFilename;
        Module._resolveFilename = function (request, ...rest) {
          if (request === '${name}') throw Object.assign(new Error("Cannot find module '${name}'"), { code: 'MODULE_NOT_FOUND' });
          return resolve.call(this, request, ...rest);
        };
        const { loadEngine } = await import(${from('load-engine')});
        try { loadEngine('${name}'); } catch (error) { console.log(error.name, error.code, error.message, error.cause.code); }`);
      expect(end.stdout).to.match(/^EngineError OFFTHREAD_ENGINE_MISSING .*install.* MODULE_NOT_FOUND\n$/);
    });
  }

  for (const [version, serves] of [
    ['2.14.1', false],
    ['3.3.3', false],
    ['3.3.4', true],
    ['3.10.0', true],
    ['4.0.0', false],
    [undefined, false],
  ] as const) {
    it(`says of koffi ${version} which one is needed${serves ? ', unless it serves' : ''}`, () => {
      const end = runProcess(`
        import { Module, createRequire } from 'node:module';
        const koffi = { ...createRequire(${from('load-engine')})('koffi'), version: ${JSON.stringify(version)} };
        const load = Module._load;
        Module._load = function (request, ...rest) {
          return request === 'koffi' ? koffi : load.call(this, request, ...rest);
        };
        const { loadEngine } = await import(${from('load-engine')});
        try { console.log(loadEngine('koffi').name); }
        catch (error) { console.log(error.code, error.message); }`);
      expect(end.stdout).to.equal(
        serves
          ? 'koffi\n'
          : `OFFTHREAD_ENGINE_MISSING The engine koffi could not be loaded: version ${version} is installed, but offthread ` +
              "needs 3.3.4 or later, below 4. Install it with 'npm install koffi@3'.\n",
      );
    });
  }

  it('says what node needs where it is missing', function () {
    if (ENGINES.includes('node')) this.skip();
    expect(() => loadEngine('node'))
      .to.throw(EngineError, /Node\.js 26\.1 or later/)
      .with.property('code', 'OFFTHREAD_ENGINE_MISSING');
  });

  it("sets koffi's stack before the first library", () => {
    const run = (options: string): number | null =>
      runProcess(`
        const { loadEngine } = await import(${from('load-engine')});
        const library = loadEngine('koffi', ${options}).open(${JSON.stringify(probeLibrary())});
        const deep = library.bind('deep', { arguments: ['u32'], returns: 'u32' });
        process.exitCode = deep(12 << 20);`).code;
    expect(run('{ stackBytes: 16 << 20 }')).to.equal(7);
    expect(run('{}'), 'with the default of 2 MiB').not.to.equal(7);
  });

  it("says that koffi's stack can be set once", () => {
    const end = runProcess(`
      const { loadKoffi } = await import(${from('bindings/koffi')});
      loadKoffi({ stackBytes: 4 << 20 });
      try { loadKoffi({ stackBytes: 8 << 20 }); } catch (error) { console.log(error.code, error.message); }`);
    expect(end.stdout).to.match(/^OFFTHREAD_ENGINE .*could not be set to 8388608 bytes/);
  });
});
