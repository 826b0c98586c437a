/** M33: a pool that is made in a worker thread: it works, and the worker and the process can end. */
import { expect } from 'chai';
import { contractEngines } from '../helpers/contract.js';
import { runProgram } from '../helpers/program.js';
import { testlib } from '../helpers/testlib.js';
import { slow } from '../helpers/fast-run.js';

const index = import.meta.resolve('offthread');

/** The program of the main thread: starts a worker with this code, and tells what it says and how it ends. */
const inWorker = (engine: string, code: string, more = ''): string => `
  import { Worker } from 'node:worker_threads';
  const source = ${JSON.stringify(`
    import { createPool } from ${JSON.stringify(index)};
    import { parentPort } from 'node:worker_threads';
    const pool = createPool({ lanes: 2 });
    const lib = await pool.open(${JSON.stringify(testlib)}, {
      ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
      ot_spin_until_cancelled: { arguments: ['cancelFlag', 'i32'], return: 'i32' },
    }, { engine: ${JSON.stringify(engine)} });
    ${code}`)};
  const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)));
  worker.on('message', (message) => say(String(message)));
  worker.on('error', (error) => say(error.message));
  worker.on('exit', (status) => say('worker ended ' + status));
  ${more}
`;

describe('a pool in a worker thread', function () {
  this.timeout(20_000);

  // Where only workers use ffi-rs it is unsafe (platform-facts, ffi-rs 3), and open may refuse it.
  for (const engine of contractEngines.filter((name) => name !== 'ffi-rs')) {
    slow(`works, and the worker ends by itself [${engine}]`, async () => {
      const end = await runProgram(
        engine,
        inWorker(
          engine,
          `const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => lib.ot_add(i, 1)));
           parentPort.postMessage([sums.at(-1), lib.ot_add.blocking(20, 22)].join(' '));`,
        ),
      );
      expect(end.stderr).to.equal('');
      expect(end).to.include({ code: 0, signal: null, stdout: '100 42\nworker ended 0\n' });
    });

    slow(`closes there, and cancels there [${engine}]`, async () => {
      const end = await runProgram(
        engine,
        inWorker(
          engine,
          `const record = await lib.ot_spin_until_cancelled.with({ timeout: 20 })(5000).settled();
           await pool.close();
           parentPort.postMessage(record.status + ' ' + (await lib.ot_add(1, 2).settled()).kind);`,
        ),
      );
      expect(end.stderr).to.equal('');
      expect(end).to.include({ code: 0, signal: null, stdout: 'timed-out closed\nworker ended 0\n' });
    });

    it(`does not hold up a worker that is terminated [${engine}]`, async () => {
      const end = await runProgram(
        engine,
        inWorker(
          engine,
          `parentPort.postMessage(await lib.ot_add(1, 2));
           setInterval(() => {}, 1000);`,
          `worker.once('message', () => { mark(); worker.terminate(); });`,
        ),
      );
      expect(end.stderr).to.equal('');
      expect(end).to.include({ code: 0, signal: null });
      expect(end.stdout).to.equal('3\nworker ended 1\n');
      expect(end.sinceMark).to.be.below(2_000);
    });
  }
});
