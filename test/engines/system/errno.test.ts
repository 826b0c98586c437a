import { expect } from 'chai';

import { loadEngine } from '../../../src/engines/load-engine.js';
import { from, runProcess, runWorker } from '../engine-child.js';
import { probeLibrary } from '../../helpers/engine-probe.js';
import { ENGINES } from '../../helpers/contract.js';

/** Counts wrong errnos over many calls, with garbage made between and by results, and collections in between. */
const LOOP = (calls: number): string => `
  const library = engine.open(path);
  const fail = library.bindErrno('fail_with', { arguments: ['i32'], returns: 'i32' });
  const wide = library.bindErrno('fail_i64', { arguments: ['i32', 'i64'], returns: 'i64' });
  const fine = library.bindErrno('echo_f64', { arguments: ['f64'], returns: 'f64' });
  let wrong = 0;
  let garbage;
  for (let i = 0; i < ${calls}; i++) {
    const code = (i % 130) + 1;
    if (i % 3 === 0) wide(code, 2n ** 62n + BigInt(i)); else fail(code);
    if (engine.errno() !== code) wrong++;
    if (i % 7 === 0) { fine(i + 0.5); if (engine.errno() !== 0) wrong++; }
    garbage = [new Array(64).fill(i), { i }, String(i), i % 50 === 0 ? new ArrayBuffer(65_536) : garbage?.[0]];
    if (i % 5_000 === 0) globalThis.gc?.();
  }`;

for (const name of ENGINES) {
  describe(`errno on ${name} (M32)`, () => {
    it('is right in 100,000 calls under garbage collection', () => {
      const end = runProcess(`
        const { loadEngine } = await import(${from('load-engine')});
        const engine = loadEngine('${name}');
        const path = ${JSON.stringify(probeLibrary())};
        ${LOOP(100_000)}
        console.log(wrong);`);
      expect(end).to.include({ stdout: '0\n', stderr: '', code: 0 });
    }).timeout(60_000);

    it('is of its own thread', async () => {
      const library = loadEngine(name).open(probeLibrary());
      library.bindErrno('fail_with', { arguments: ['i32'], returns: 'i32' });
      library.bindErrno('fail_i64', { arguments: ['i32', 'i64'], returns: 'i64' });
      library.bindErrno('echo_f64', { arguments: ['f64'], returns: 'f64' });
      const code = `
        const { loadEngine } = await import(${from('load-engine')});
        const engine = loadEngine('${name}', { role: 'lane' });
        const { path } = workerData;
        ${LOOP(25_000)}
        parentPort.postMessage(wrong);`;
      const data = { path: probeLibrary() };
      expect(await Promise.all([runWorker(code, data), runWorker(code, data)])).to.deep.equal([0, 0]);
    }).timeout(60_000);
  });
}
