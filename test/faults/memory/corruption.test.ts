/** B2: native code that corrupts its process: descriptors, memory, its channel to the host. The host lives, and goes on. */
import { expect } from 'chai';
import { LaneCrashedError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import { type FamilyEnd, runFamily } from '../../helpers/fault-program.js';
import {
  crash,
  expectBalance,
  fullAgain,
  type Ground,
  lanesWith,
  onProcessLanes,
} from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { isAlive, killAll } from '../../helpers/processes.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);

/**
 * In a process of its own, so that it shows when the host does not survive. `corrupt` does it; every call has to
 * settle, and after the lanes that it may have touched are gone, every answer has to be right.
 */
function corrupting(ground: Ground, corrupt: string, rounds = 1): Promise<FamilyEnd> {
  return runFamily(
    ground,
    `
    process.on('uncaughtException', (error) => { say('uncaught ' + error.stack); process.exit(9); });
    const { pool, lib } = await open({ stderr: 'capture', maxDeaths: Infinity, timeout: 3_000, grace: 50 });
    const right = async (count) => {
      const sums = await Promise.all(Array.from({ length: count }, (_, i) => lib.ot_add.with({ deadline: 2_000 })(i, 1).settled()));
      return sums.filter(({ value }, i) => value === i + 1).length;
    };
    for (let round = 0; round < ${rounds}; round++) {
      const corrupt = () => { ${corrupt} };
      const pid = await lib.ot_process_id();
      const { status, kind } = await corrupt().settled();
      if (!['succeeded', 'failed', 'timed-out'].includes(status)) say('unexpected ' + status + ' ' + kind);
      // Calls that meet the unfit lane may fail; none may hang.
      await right(20);
      // What lives on with garbage in it is not to be trusted any more: a user would end it, and so does this test.
      try { process.kill(pid, 'SIGKILL'); } catch {}
      while (pool.stats().running > 0) await turn();
      const again = performance.now();
      let good = 0;
      while (good < 50 && performance.now() - again < 10_000) good = await right(50);
      say('right ' + good);
    }
    await idle(pool);
    const { submitted, succeeded, failed, cancelled, timedOut } = pool.stats();
    say('balance ' + (submitted - succeeded - failed - cancelled - timedOut));
    await pool.close({ timeout: 1_000 });
    mark();
    `,
  );
}

function expectSurvival(end: FamilyEnd, rounds = 1): void {
  expect(end.stderr).to.equal('');
  expect(end.stdout).to.equal(`${'right 50\n'.repeat(rounds)}balance 0\n`);
  expect(end).to.include({ code: 0, signal: null });
  expect([...end.orphans]).to.deep.equal([]);
  expect(end.sinceMark).to.be.below(4_000);
}

onProcessLanes('a library that corrupts its process (B2)', (ground) => {
  slow('closes every descriptor but the first three', async () => {
    expectSurvival(await corrupting(ground, 'return lib.ot_close_descriptors(3);'));
  });

  slow('closes all descriptors', async () => {
    expectSurvival(await corrupting(ground, 'return lib.ot_close_descriptors(0);'));
  });

  it('is told that it closed the socket, and that the pool killed its lane', async () => {
    await withLanes(ground, { lanes: 1, maxDeaths: Infinity }, async (lib, pool) => {
      for (const from of [3, 0]) {
        const deaths: LaneCrashedError[] = [];
        pool.once('lane-crashed', ({ error }) => deaths.push(error));
        await lib.ot_close_descriptors(from).settled();
        await until(() => deaths.length > 0, 'the death to be told');
        const said = deaths[0]?.message ?? '';
        // libuv aborts a process whose descriptors are gone, and may be quicker than the pool.
        expect(said).to.match(
          /closed its socket to the pool, and was ended by the pool|was killed by SIGABRT/,
        );
        expect(said).to.not.match(/operator|memory ran out|called exit/);
        await fullAgain(pool);
      }
    });
  });

  slow('is not told so of a lane that somebody killed', async () => {
    await withLanes(ground, { lanes: 1, maxDeaths: Infinity }, async (lib, pool) => {
      for (let round = 0; round < 5; round++) {
        const pid = await lib.ot_process_id();
        const call = lib.ot_sleep_ms(5_000);
        await until(() => call.state === 'running', 'the call to run');
        process.kill(pid, 'SIGKILL');
        const error = await rejection(call, LaneCrashedError);
        expect(error.message).to.match(
          /was killed by SIGKILL in native code\. The process was killed from outside this pool: .*operator/,
        );
        await fullAgain(pool);
      }
    });
  });

  slow('writes nonsense to every pipe and socket that it has', async () => {
    const nonsense = [
      "Buffer.alloc(10_000, 'nonsense')",
      // As long as a whole message says that it is, and no message.
      'Buffer.from([0, 0, 0, 8, 0xff, 0x0f, 0x6f, 0x22, 0xde, 0xad, 0xbe, 0xef])',
      // The beginning of a message of 4 GB.
      'Buffer.alloc(4, 0xff)',
      'Buffer.from(\'{"kind":"ready"}\\n\')',
    ];
    for (const bytes of nonsense) {
      expectSurvival(
        await corrupting(ground, `const bytes = ${bytes}; return lib.ot_garble(bytes, bytes.length);`),
      );
    }
  });

  slow('scribbles over what lies around its argument', async () => {
    const end = await corrupting(
      ground,
      `const size = [64, 512, 4_096, 65_536][round % 4];
       const value = [0xff, 0x01][Math.floor(round / 4)];
       return lib.ot_scribble(Buffer.alloc(64), round % 2 === 0 ? size : 0, size, value);`,
      8,
    );
    expectSurvival(end, 8);
  });

  slow('scribbles while other calls stand behind it', async () => {
    const end = await corrupting(
      ground,
      `for (let i = 0; i < 50; i++) lib.ot_add.with({ deadline: 2_000 })(i, 1).catch(() => {});
       return lib.ot_scribble(Buffer.alloc(64), 2_048, 2_048, 0xff);`,
      4,
    );
    expectSurvival(end, 4);
  });
});

onProcessLanes('a library that forks (B2)', (ground) => {
  it('a process that keeps the descriptors of a lane does not hide that lane’s death', async () => {
    await withLanes(ground, { stderr: 'capture', maxDeaths: Infinity }, async (lib, pool) => {
      const born: number[] = [];
      try {
        for (let round = 0; round < 3; round++) {
          born.push(await lib.ot_fork_holding(30_000));
          const start = performance.now();
          const error = await crash(lib.ot_complain('after the fork', 1, SEGV));
          expect(performance.now() - start, 'nobody waits for it').to.be.below(5_000);
          expect(error.signal).to.equal('SIGSEGV');
          expect(await lib.ot_add(round, 1)).to.equal(round + 1);
        }
        await fullAgain(pool, 1);
        const start = performance.now();
        await pool.close({ timeout: 1_000 });
        expect(performance.now() - start, 'nor does close').to.be.below(5_000);
        expect(born.every(isAlive), 'it belongs to the library').to.equal(true);
        expectBalance(pool);
      } finally {
        killAll(born);
      }
    });
  });
});

if (process.platform === 'linux') {
  onProcessLanes('a library that takes all memory (B2; Linux: limits the address space)', (ground) => {
    slow('and aborts: the call is named, and its last words are there', async () => {
      await withLanes(ground, { stderr: 'capture' }, async (lib, pool) => {
        await lib.ot_limit_memory(200);
        const error = await crash(lib.ot_take_memory(10_000));
        expect(error).to.include({ signal: 'SIGABRT', symbol: 'ot_take_memory', phase: 'call' });
        expect(error.stderr.join('\n')).to.include('out of memory');
        expect(await lib.ot_take_memory(1), 'the next lane has its own').to.equal(1);
        await fullAgain(pool, 1);
        expectBalance(pool);
      });
    });

    it('and goes on: what the lane then cannot do any more fails, and no call hangs', async () => {
      await withLanes(
        ground,
        { stderr: 'capture', timeout: 5_000, maxDeaths: Infinity },
        async (lib, pool) => {
          await lib.ot_limit_memory(64);
          expect(await lib.ot_eat_memory(10_000)).to.be.below(10_000);
          const calls = Array.from({ length: 20 }, (_, i) => lib.ot_long_owned(1_000_000 + i).settled());
          for (const [i, { status, value }] of (await Promise.all(calls)).entries()) {
            if (status === 'succeeded' && value !== null) expect(value.length).to.equal(1_000_000 + i);
          }
          process.kill(await lib.ot_process_id(), 'SIGKILL');
          expect((await lib.ot_long_owned(1_000_000))?.length).to.equal(1_000_000);
          await fullAgain(pool, 1);
          expectBalance(pool);
        },
      );
    });
  });
}
