/** M28: a pool may be closed at any moment, also while its threads still load: that never takes the process down. */
import { expect } from 'chai';
import { onThreadLanes } from '../helpers/contract.js';
import { runProgram } from '../helpers/program.js';
import { slow } from '../helpers/fast-run.js';

onThreadLanes('closing a pool whose threads still load (M28)', (engine) => {
  for (const end of ['close', 'destroy']) {
    slow(`${end}, at every moment of the start`, async function () {
      this.timeout(20_000);
      const program = await runProgram(
        engine,
        `
        const job = {
          symbol: 'ot_job_run', arguments: ['pointer', 'i32'], return: 'i32',
          onCancel: { symbol: 'ot_job_interrupt', arguments: [0] },
        };
        for (let round = 0; round < 5; round++) {
          await Promise.all(Array.from({ length: 4 }, async (_, i) => {
            const pool = createPool({ lanes: 1 + (i % 2), grace: 10 });
            const lib = await pool.open(TESTLIB, { job, ot_add: fns.ot_add }, { engine: '${engine}' });
            await lib.ot_add(1, 2);
            if (i > 0) await new Promise((resolve) => setTimeout(resolve, ((round * 4 + i) * 7) % 25));
            await pool.${end}();
          }));
        }
        say('survived');
      `,
      );
      expect(program.stderr.slice(0, 600)).to.equal('');
      expect(program).to.include({ code: 0, signal: null, stdout: 'survived\n' });
    });
  }
});
