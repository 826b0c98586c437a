/** M8, M31: what a host that blocks learns of threads without its event loop: that native code has returned after all, and that its own call need not wait for a quiet engine. */
import { contractEngines } from '../../helpers/contract.js';
import { expectSaid } from '../blocked-program.js';
import { slow } from '../../helpers/fast-run.js';

describe('what a blocked host waits for, of threads (M8)', function () {
  this.timeout(40_000);

  for (const engine of contractEngines) {
    slow(
      `the return of lanes that were given up: any number of calls may run out of time [${engine}]`,
      async () => {
        await expectSaid(
          { isolation: 'thread', engine },
          `
        const { pool, lib } = await open({ timeout: 20, maxLostLanes: 1 });
        const codes = new Set();
        for (let round = 0; round < 8; round++) {
          codes.add(ends(() => lib.ot_sleep_ms.blocking(60)));
          // Its native code returns meanwhile, which no event tells.
          pause(150);
        }
        say([...codes].join(' '));
        say(ends(() => lib.ot_add.with({ timeout: 5_000 }).blocking(1, 2)));
        const { lanes, lanesLost } = pool.stats();
        say('lost ' + lanes.lost + ' of ' + lanesLost);
        await pool.close();
        `,
          ['OFFTHREAD_CALL_TIMEOUT', '3', 'lost 0 of 8'],
        );
      },
    );
  }

  const quiets = contractEngines.includes('ffi-rs') ? it : it.skip;
  quiets('no quiet engine: its call goes on while a library waits to be opened (needs ffi-rs)', async () => {
    await expectSaid(
      { isolation: 'thread', engine: 'ffi-rs' },
      `
      const { pool, lib } = await open({ lanes: 2, timeout: 0 });
      const [entered, release] = [words(), words()];
      const long = lib.ot_enter_and_wait(entered, release, 20_000);
      await reached(entered);
      let opened = false;
      const opening = pool.open('libm.so.6', { floor: { arguments: ['f64'], return: 'f64' } }, { engine });
      void opening.then(() => (opened = true), () => {});
      for (let call = 0; call < 50; call++) {
        const said = quick(() => lib.ot_add.blocking(call, 1));
        if (said !== String(call + 1)) say(said);
        await turn(0);
      }
      say('opened ' + opened);
      const held = lib.ot_add(3, 4);
      Atomics.store(release, 0, 1);
      say('long ' + ((await long) >= 0));
      say('floor ' + (await (await opening).floor(3.5)));
      say('held ' + (await held));
      await pool.close();
      `,
      ['opened false', 'long true', 'floor 3', 'held 7'],
    );
  });

  for (const engine of contractEngines) {
    it(`the return of a lane that was given up, from the listener that is told of it [${engine}]`, async () => {
      await expectSaid(
        { isolation: 'thread', engine },
        `
        const { pool, lib } = await open({ grace: 0, timeout: 0 });
        const [entered, release] = [words(), words()];
        pool.on('lane-lost', () => {
          say(quick(() => lib.ot_add.with({ deadline: 10_000 }).blocking(1, 2)));
          Atomics.store(release, 0, 1);
          // The lane returns while this thread blocks.
          say(quick(() => lib.ot_sleep_ms.blocking(200)));
        });
        const call = lib.ot_enter_and_wait(entered, release, 20_000);
        await reached(entered);
        call.cancel();
        say((await call.settled()).status);
        await pool.close();
        process.report.excludeNetwork = true;
        say('threads ' + process.report.getReport().workers.length);
        `,
        ['3', '200', 'cancelled', 'threads 0'],
      );
    });
  }
});
