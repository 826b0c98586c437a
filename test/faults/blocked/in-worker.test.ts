/** M8, B2: a thread that is no main thread, and no lane, blocks on process lanes: it learns the same without its event loop. */
import { testlib } from '../../helpers/testlib.js';
import { expectSaid } from '../blocked-program.js';
import { onProcessLanes } from '../../helpers/faults.js';
import { slow } from '../../helpers/fast-run.js';

const index = import.meta.resolve('offthread');

onProcessLanes('a worker thread that blocks (M8)', (ground) => {
  slow('learns of deaths, kills and trials', async function () {
    // ffi-rs is used by main threads only.
    if (ground.engine === 'ffi-rs') this.skip();
    const worker = `
      import { parentPort } from 'node:worker_threads';
      import { createPool } from ${JSON.stringify(index)};
      const engine = ${JSON.stringify(ground.engine)};
      const fns = {
        ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
        ot_die: { arguments: ['i32'], return: 'i32' },
        ot_hang: { arguments: [], return: 'i32' },
      };
      const ends = (run) => {
        try {
          return String(run());
        } catch (error) {
          return error.code;
        }
      };
      const pool = createPool({ isolation: 'process', lanes: 1, timeout: 50, maxDeaths: Infinity, grace: 100 });
      const lib = await pool.open(${JSON.stringify(testlib)}, fns, { engine });
      const said = [];
      for (let round = 0; round < 7; round++) said.push(ends(() => lib.ot_hang.blocking()));
      said.push(ends(() => lib.ot_die.with({ timeout: 5_000 }).blocking(11)));
      const opening = pool.open(${JSON.stringify(testlib)}, fns, { engine });
      for (let job = 0; job < 10; job++) await null;
      said.push(ends(() => lib.ot_add.with({ timeout: 5_000 }).blocking(1, 2)));
      said.push(ends(() => lib.ot_add.with({ timeout: 5_000 }).blocking(3, 4)));
      await opening;
      await pool.close();
      parentPort.postMessage(said.join('\\n'));
    `;
    await expectSaid(
      ground,
      `
      const { Worker } = await import('node:worker_threads');
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));
      worker.on('message', say);
      worker.on('exit', (code) => say('ended ' + code));
      `,
      [
        ...Array.from({ length: 7 }, () => 'OFFTHREAD_CALL_TIMEOUT'),
        'OFFTHREAD_LANE_CRASHED',
        '3',
        '7',
        'ended 0',
      ],
    );
  });
});
