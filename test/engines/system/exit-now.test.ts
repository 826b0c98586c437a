import { expect } from 'chai';

import { from, runProcess } from '../engine-child.js';
import { probeLibrary } from '../../helpers/engine-probe.js';
import { ENGINES } from '../../helpers/contract.js';

describe('exitNow (B3)', () => {
  it('says that it was not prepared', () => {
    // In a process of its own: in this one a test before may have prepared it, and then it works.
    const end = runProcess(`
      const { exitNow } = await import(${from('system/exit-now')});
      try {
        exitNow(3);
      } catch (error) {
        console.log(error.code, error.message);
      }`);
    expect([end.code, end.stderr]).to.deep.equal([0, '']);
    expect(end.stdout).to.match(/^OFFTHREAD_ENGINE\w* .*before prepareExit\(\)/);
  });

  for (const name of ENGINES) {
    it(`ends the process through ${name}, with a lane stuck in native code`, () => {
      const lane = `
        import { workerData } from 'node:worker_threads';
        const { loadEngine } = await import(${from('load-engine')});
        const sleep = loadEngine('${name}', { role: 'lane' }).open(workerData.path).bind('sleep_ms', { arguments: ['i32'], returns: 'i32' });
        Atomics.store(workerData.gate, 0, 1);
        Atomics.notify(workerData.gate, 0);
        sleep(20_000);`;
      const end = runProcess(`
        import { Worker } from 'node:worker_threads';
        const { loadEngine } = await import(${from('load-engine')});
        const { exitNow, prepareExit } = await import(${from('system/exit-now')});
        const engine = loadEngine('${name}');
        prepareExit(engine);
        const path = ${JSON.stringify(probeLibrary())};
        engine.open(path).bind('sleep_ms', { arguments: ['i32'], returns: 'i32' });
        const gate = new Int32Array(new SharedArrayBuffer(4));
        new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(lane)})), { workerData: { path, gate } });
        await Atomics.waitAsync(gate, 0, 0, 10_000).value;
        process.on('exit', exitNow);
        process.exit(43);`);
      expect([end.code, end.signal, end.stdout, end.stderr]).to.deep.equal([43, null, '', '']);
      expect(end.ms).to.be.lessThan(10_000);
    }).timeout(30_000);
  }
});
