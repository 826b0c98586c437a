import { expect } from 'chai';

import type { Engine } from '../../../src/engines/engine.js';
import { LIBC } from '../../../src/engines/system/libc.js';
import { loadEngine } from '../../../src/engines/load-engine.js';
import { EngineError } from '../../../src/errors.js';
import { from, runProcess, runWorker } from '../engine-child.js';
import { probeLibrary } from '../../helpers/engine-probe.js';
import { slow } from '../../helpers/fast-run.js';

const ADD = `{ arguments: ['i32', 'i32'], returns: 'i32' }`;

describe('ffi-rs across threads (B6)', () => {
  let engine: Engine;
  before(() => (engine = loadEngine('ffi-rs')));

  it('refuses an f32 result before anything is looked up', () => {
    const attempt = (): unknown =>
      engine.open(probeLibrary()).bind('echo_f32', { arguments: ['f32'], returns: 'f32' });
    expect(attempt)
      .to.throw(EngineError, /'echo_f32' returns f32/)
      .with.property('code', 'OFFTHREAD_ENGINE_UNSUPPORTED');
  });

  it('binds and opens in a lane without touching the table', async () => {
    // Nothing that the table lacks is noticed before a call.
    const said = await runWorker(
      `const { loadEngine } = await import(${from('load-engine')});
       const library = loadEngine('ffi-rs').open('/never/opened.so');
       const call = library.bind('never_bound', ${ADD});
       try { call(1, 2); parentPort.postMessage('called'); } catch (error) { parentPort.postMessage(error.message); }`,
      null,
    );
    expect(said).to.match(/never\/opened\.so/);
  });

  it('serves a lane what the host has linked, errno and addresses included', async () => {
    const library = engine.open(probeLibrary());
    library.bind('add', { arguments: ['i32', 'i32'], returns: 'i32' });
    library.bind('fail_with', { arguments: ['i32'], returns: 'i32' });
    library.bind('store_byte', { arguments: ['pointer', 'u32', 'u8'], returns: 'void' });
    const shared = new SharedArrayBuffer(64);
    const said = await runWorker(
      `const { loadEngine } = await import(${from('load-engine')});
       const engine = loadEngine('ffi-rs', { role: 'lane' });
       const library = engine.open(workerData.path);
       const fail = library.bindErrno('fail_with', { arguments: ['i32'], returns: 'i32' });
       const store = library.bind('store_byte', { arguments: ['pointer', 'u32', 'u8'], returns: 'void' });
       store(engine.addressOf(new Uint8Array(workerData.shared, 3)), 2, 99);
       const strlen = engine.libc().bind('strlen', ${JSON.stringify(LIBC.strlen)});
       const length = strlen(engine.addressOf(Buffer.from('12345\\0')));
       fail(17);
       parentPort.postMessage([library.bind('add', ${ADD})(2, 3), engine.errno(), length]);`,
      { path: probeLibrary(), shared },
    );
    expect(said).to.deep.equal([5, 17, 5n]);
    expect(new Uint8Array(shared)[5]).to.equal(99);
  });

  slow('calls steadily from four lanes at once, and exits cleanly', function () {
    this.timeout(60_000);
    const lane = `
      import { parentPort, workerData } from 'node:worker_threads';
      const { loadEngine } = await import(${from('load-engine')});
      const engine = loadEngine('ffi-rs', { role: 'lane' });
      const library = engine.open(workerData.path);
      const add = library.bind('add', ${ADD});
      const echo = library.bind('echo_u64', { arguments: ['u64'], returns: 'u64' });
      const fail = library.bindErrno('fail_with', { arguments: ['i32'], returns: 'i32' });
      const bytes = new Uint8Array(new SharedArrayBuffer(64), 5);
      const address = engine.addressOf(bytes);
      Atomics.add(workerData.gate, 0, 1);
      while (Atomics.load(workerData.gate, 0) < 4);
      let wrong = 0;
      for (let i = 0; i < 50_000; i++) {
        if (add(i, 1) !== i + 1) wrong++;
        if (echo(2n ** 63n + BigInt(i)) !== 2n ** 63n + BigInt(i)) wrong++;
        if (fail((i % 100) + 1) !== -1 || engine.errno() !== (i % 100) + 1) wrong++;
        if (engine.addressOf(bytes) !== address) wrong++;
      }
      parentPort.postMessage(wrong);`;
    const end = runProcess(`
      import { Worker } from 'node:worker_threads';
      const { loadEngine } = await import(${from('load-engine')});
      const path = ${JSON.stringify(probeLibrary())};
      const library = loadEngine('ffi-rs').open(path);
      library.bind('add', ${ADD});
      library.bind('echo_u64', { arguments: ['u64'], returns: 'u64' });
      library.bindErrno('fail_with', { arguments: ['i32'], returns: 'i32' });
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(lane)}));
      const wrong = await Promise.all(Array.from({ length: 4 }, () => new Promise((resolve, reject) => {
        const worker = new Worker(url, { workerData: { path, gate } });
        let count;
        worker.on('message', (value) => (count = value)).on('error', reject).on('exit', () => resolve(count));
      })));
      console.log(JSON.stringify(wrong));`);
    expect(end.stderr).to.equal('');
    expect([end.code, end.signal]).to.deep.equal([0, null]);
    expect(JSON.parse(end.stdout)).to.deep.equal([0, 0, 0, 0]);
  });
});
