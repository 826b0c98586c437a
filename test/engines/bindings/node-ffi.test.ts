/** M4, B6: threads that have called through node:ffi end without harm to the process. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { testlib } from '../../helpers/testlib.js';

const index = import.meta.resolve('offthread');

/** Pools whose lanes end while V8's compiler threads are still at work on their calls. */
const PROGRAM = `
  import { createPool } from ${JSON.stringify(index)};
  async function run(round) {
    const pool = createPool({ lanes: 2 });
    const { ot_add } = await pool.open(
      ${JSON.stringify(testlib)},
      { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } },
      { engine: 'node' },
    );
    await pool.mapColumns(ot_add, [new Int32Array(1_000 + round * 1_500), 5]);
    await pool.close();
  }
  for (let round = 0; round < 30; round++) await Promise.all([run(round), run(round)]);
  console.log('ended');
`;

describe('engine node', function () {
  this.timeout(120_000);

  if (!contractEngines.includes('node')) return;

  // Without the flag that the binding sets, 5 of 8 runs ended by SIGSEGV.
  for (const delay of [5, 10]) {
    it(`ends threads whose calls are being compiled (compiler ${delay} ms late)`, () => {
      const { status, signal, stdout, stderr } = spawnSync(
        process.execPath,
        [
          '--disable-warning=ExperimentalWarning',
          `--concurrent-recompilation-delay=${delay}`,
          '--input-type=module',
          '-e',
          PROGRAM,
        ],
        // glibc overwrites what is freed, so that a read of it shows.
        { encoding: 'utf8', env: { ...process.env, MALLOC_PERTURB_: '165' } },
      );
      expect({ status, signal, stdout, stderr }).to.deep.equal({
        status: 0,
        signal: null,
        stdout: 'ended\n',
        stderr: '',
      });
    });
  }
});
