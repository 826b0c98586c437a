/**
 * M8, M27: blocking calls among everything that can happen to lanes meanwhile, at random: they are killed from outside,
 * close their sockets, die in native code, run out of time, open libraries. No call may take long, none may have a wrong
 * end, and the counts have to balance.
 */
import { expectSaid } from '../blocked-program.js';
import { onBothLanes } from '../../helpers/faults.js';
import { slow } from '../../helpers/fast-run.js';

const SECONDS = Number(process.env['OFFTHREAD_RACE_SECONDS'] ?? '6');
/** A test that is asked to race for long is given the time. */
const GUARD_MS = SECONDS * 1_000 + 60_000;

onBothLanes('blocking calls in races (M8, M27)', (ground) => {
  for (const lanes of [1, 2]) {
    slow(`every one has a right end, soon, with ${lanes} lanes`, async function () {
      this.timeout(GUARD_MS);
      await expectSaid(
        ground,
        `
        let seed = ${lanes} * 7919 + 17;
        const random = () => {
          seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
          return seed / 2 ** 32;
        };
        const below = (count) => Math.floor(random() * count);
        const kills = isolation === 'process';
        const { pool, lib } = await open({
          lanes: ${lanes}, timeout: 3_000, maxLostLanes: 16, stderr: kills ? 'capture' : undefined,
          ...(kills ? { maxDeaths: Infinity, spares: 1 } : {}),
        });
        const wrong = new Set();
        const pending = new Set();
        const wait = (promise) => {
          const waits = promise.catch(() => {}).finally(() => pending.delete(waits));
          pending.add(waits);
        };
        const may = (said, ...right) => {
          if (!right.includes(said)) wrong.add(said);
        };
        // A call that a lane is killed under fails with it.
        const CRASH = kills ? 'OFFTHREAD_LANE_CRASHED' : 'none';
        const acts = [
          () => may(quick(() => lib.ot_add.blocking(20, 22)), '42', CRASH),
          () => may(quick(() => lib.ot_checksum.blocking(Buffer.alloc(below(200_000)), 0) >= 0), 'true', CRASH),
          () => may(quick(() => lib.ot_sleep_ms.with({ timeout: 5 + below(10) }).blocking(40)), '40', CRASH, 'OFFTHREAD_CALL_TIMEOUT'),
          () => may(quick(() => lib.ot_add.with({ deadline: 1 + below(30) }).blocking(20, 22)), '42', CRASH, 'OFFTHREAD_CALL_TIMEOUT'),
          () => wait(lib.ot_sleep_ms(below(20))),
          () => wait(pool.open(TESTLIB, fns, { engine })),
          () => turns(below(4)),
          () => pause(below(8)),
        ];
        if (kills) acts.push(
          () => may(quick(() => lib.ot_die.blocking(11)), CRASH),
          () => may(quick(() => lib.ot_hang.with({ timeout: 10 }).blocking()), CRASH, 'OFFTHREAD_CALL_TIMEOUT'),
          () => wait(lib.ot_close_descriptors(3)),
          () => {
            const pid = ends(() => lib.ot_process_id.blocking());
            if (Number(pid) > 0) process.kill(Number(pid), ['SIGKILL', 'SIGSEGV', 'SIGTERM'][below(3)]);
          },
        );
        const until = performance.now() + ${SECONDS} * 1_000;
        let rounds = 0;
        for (; performance.now() < until; rounds += 1) await acts[below(acts.length)]();
        await Promise.all(pending);
        say('wrong ' + [...wrong].join(', '));
        say('raced ' + (rounds > 5));
        await idle(pool);
        const { submitted, succeeded, failed, cancelled, timedOut } = pool.stats();
        say('balance ' + (submitted - succeeded - failed - cancelled - timedOut));
        await pool.close();
        `,
        ['wrong ', 'raced true', 'balance 0'],
      );
    });
  }
});
