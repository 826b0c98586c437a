/**
 * M8, B2: whatever a host that blocks waits for, it learns without its event loop: that a library has been opened, that
 * a lane is gone, that one which was killed has ended. Each in a program of its own, since a fault here is a thread
 * that never goes on.
 */
import { expectSaid } from '../blocked-program.js';
import { onProcessLanes } from '../../helpers/faults.js';
import { slow } from '../../helpers/fast-run.js';

onProcessLanes('what a blocked host waits for (M8)', (ground) => {
  slow('the end of a trial: it is answered while a library is being opened in its only lane', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ timeout: 5_000 });
      let right = 0;
      for (let round = 0; round < 24; round++) {
        const opening = pool.open(TESTLIB, fns, { engine });
        // Before the lane is asked, when it has been, and when it has answered.
        for (let job = 0; job < round % 12; job++) await null;
        if (round >= 12) await turns(round - 12);
        if (quick(() => lib.ot_add.blocking(round, 1)) === String(round + 1)) right += 1;
        const again = await opening;
        if (quick(() => again.ot_add.blocking(round, 2)) === String(round + 2)) right += 1;
      }
      say('right ' + right);
      await pool.close();
      `,
      ['right 48'],
    );
  });

  it('the end of a trial: the library ends its lane', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ timeout: 5_000, env: { ...process.env, OFF_FAULT: 'segv' }, stderr: 'capture' });
      const opening = pool.open(FAULTLIB, faultFns, { engine });
      const opened = opening.then(() => 'opened', (error) => error.code);
      for (let job = 0; job < 20; job++) await null;
      say(quick(() => lib.ot_add.blocking(1, 2)));
      say(await opened);
      await pool.close();
      `,
      ['3', 'OFFTHREAD_LANE_CRASHED'],
    );
  });

  slow('the end of a trial: the library hangs, and its lane is killed for it', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ timeout: 5_000, env: { ...process.env, OFF_FAULT: 'hang' } });
      const opening = pool.open(FAULTLIB, faultFns, { engine });
      const opened = opening.then(() => 'opened', (error) => /did not open .* within/.test(error.message));
      for (let job = 0; job < 20; job++) await null;
      say(quick(() => lib.ot_add.with({ deadline: 100 }).blocking(1, 2)));
      say(ends(() => lib.ot_add.blocking(1, 2)));
      say(await opened);
      await pool.close();
      `,
      ['OFFTHREAD_CALL_TIMEOUT', '3', 'true'],
    );
  });

  for (const [how, end] of [
    ['is killed', "process.kill(pid, 'SIGKILL')"],
    ['closes its end of the socket', 'lib.ot_close_descriptors(3).catch(() => {})'],
  ] as const) {
    slow(`the end of a lane that ${how}, whatever the event loop has seen of it`, async () => {
      await expectSaid(
        ground,
        `
        const { pool, lib } = await open({ timeout: 10_000, maxDeaths: Infinity, spares: 1, stderr: 'capture' });
        let slow = '';
        for (let round = 0; round < 16; round++) {
          const pid = await lib.ot_process_id();
          ${end};
          await turns(round % 8);
          const said = quick(() => lib.ot_add.blocking(round, 1));
          // It may have been given to the lane that was about to die.
          if (said !== String(round + 1) && said !== 'OFFTHREAD_LANE_CRASHED') slow += said + ' ';
        }
        say('slow ' + slow);
        say(quick(() => lib.ot_add.blocking(1, 2)));
        await pool.close();
        `,
        ['slow ', '3'],
      );
    });
  }

  slow('the death of a lane whose descriptors another process holds', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ timeout: 10_000, stderr: 'capture' });
      const born = lib.ot_fork_holding.blocking(30_000);
      say(quick(() => lib.ot_die.blocking(11)));
      process.kill(born, 'SIGKILL');
      say(quick(() => lib.ot_add.blocking(1, 2)));
      await pool.close();
      `,
      ['OFFTHREAD_LANE_CRASHED', '3'],
    );
  });

  slow('the death of a lane between two blocking calls', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ timeout: 10_000, maxDeaths: Infinity });
      let right = 0;
      for (let round = 0; round < 10; round++) {
        process.kill(lib.ot_process_id.blocking(), 'SIGKILL');
        if (round % 2 === 0) pause(10);
        const said = quick(() => lib.ot_add.blocking(round, 1));
        if (said === String(round + 1) || said === 'OFFTHREAD_LANE_CRASHED') right += 1;
      }
      say('right ' + right);
      await pool.close();
      `,
      ['right 10'],
    );
  });

  slow('the silence of a lane that was stopped from outside', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ timeout: 20_000 });
      process.kill(lib.ot_process_id.blocking(), 'SIGSTOP');
      pause(50);
      say(ends(() => lib.ot_add.blocking(1, 2)));
      await pool.close();
      `,
      ['3'],
    );
  });

  for (const maxLostLanes of [0, 4]) {
    slow(
      `the ends of lanes that were killed: any number of calls may run out of time (maxLostLanes: ${maxLostLanes})`,
      async () => {
        await expectSaid(
          ground,
          `
        const { pool, lib } = await open({ timeout: 50, maxLostLanes: ${maxLostLanes} });
        const { readdirSync } = await import('node:fs');
        const held = () => process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
        const before = held();
        const codes = new Set();
        for (let round = 0; round < 14; round++) codes.add(ends(() => lib.ot_hang.blocking()));
        say([...codes].join(' '));
        say(ends(() => lib.ot_add.blocking(1, 2)));
        // Of lanes that have ended no descriptors are left: they would be used up, too.
        say('descriptors ' + (held() - before < 12));
        say('killed ' + pool.stats().lanesKilled);
        await turn(20);
        say('lost ' + pool.stats().lanes.lost);
        await pool.close();
        `,
          ['OFFTHREAD_CALL_TIMEOUT', '3', 'descriptors true', 'killed 14', 'lost 0'],
        );
      },
    );
  }

  slow('the processes that were recycled: they end while it blocks', async () => {
    await expectSaid(
      ground,
      `
      const { pool, lib } = await open({ recycleAfter: 2 });
      const { readdirSync, readFileSync } = await import('node:fs');
      const pids = new Set();
      for (let call = 0; call < 20; call++) pids.add(lib.ot_process_id.blocking());
      say('lanes ' + pids.size);
      // Those of the last ones may be ending.
      const until = performance.now() + 10_000;
      const runs = (pid) => {
        try {
          const stat = readFileSync('/proc/' + pid + '/stat', 'latin1');
          return !'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2)[0]);
        } catch {
          return false;
        }
      };
      const left = () => [...pids].filter(runs).length;
      while (process.platform === 'linux' && left() > 2 && performance.now() < until) lib.ot_sleep_ms.blocking(5);
      say('left ' + (process.platform !== 'linux' || left() <= 2));
      await pool.close();
      `,
      ['lanes 10', 'left true'],
    );
  });
});
