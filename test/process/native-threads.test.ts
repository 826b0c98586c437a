/** B3, B6: a thread of the library's own calls back at any time: the process ends with its own code, and pools end as ever. */
import { expect } from 'chai';
import { contractEngines } from '../helpers/contract.js';
import { laneKinds } from '../helpers/lane-kind.js';
import { type ProgramEnd, runProgram } from '../helpers/program.js';
import { sample, slow } from '../helpers/fast-run.js';

const index = import.meta.resolve('offthread');

/** Two at a time, as many as it takes for a race to show now and then. */
const ROUNDS = 2;

/** How a program goes on once the thread calls: `lib` and `pool` are there, and `start(more)` makes another pool with such a thread. */
const ENDS: Readonly<Record<string, { readonly code: string; readonly status: number }>> = {
  'process.exit()': { code: 'process.exit(3);', status: 3 },
  'its natural end': { code: 'process.exitCode = 3;', status: 3 },
  'an uncaught error': { code: "setTimeout(() => { throw new Error('on purpose'); });", status: 1 },
  'pool.close(), and more work in another pool': {
    code: `
      await pool.close();
      const late = pool.stats().lateCallbacks;
      await until(() => isolation === 'process' || pool.stats().lateCallbacks > late);
      const second = await start();
      await second.pool.close();
      const plain = await open({ isolation });
      if (await plain.lib.ot_add(20, 22) !== 42) process.exit(9);
      process.exitCode = 3;`,
    status: 3,
  },
  'pool.destroy()': { code: 'await pool.destroy(); await pause(50); process.exitCode = 3;', status: 3 },
  'a lane that was lost, and replaced': {
    code: `
      const stuck = lib.ot_sleep_ms.with({ timeout: 10 })(100);
      await stuck.settled();
      await until(() => pool.stats().lanes.lost === 0);
      await lib.ot_sleep_ms(1);
      process.exit(3);`,
    status: 3,
  },
};

const program = (isolation: string, how: string, heard: boolean, code: string): string => `
  import { callback, persistent } from ${JSON.stringify(index)};
  const isolation = ${JSON.stringify(isolation)};
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (there) => { while (!(await there())) await pause(1); };
  const tell = callback({ arguments: ['i32'], return: 'void' }, { fireAndForget: true });
  const ask = callback({ arguments: ['i32'], return: 'i32' }, { fallback: -7 });
  const start = async () => {
    const pool = createPool({ lanes: 1, isolation, grace: 10 });
    const lib = await pool.open(TESTLIB, {
      ot_tell_forever: { arguments: [tell, 'i32'], return: 'i32' },
      ot_ask_forever: { arguments: [ask, 'i32'], return: 'i32' },
      ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
    }, { engine: 'koffi' });
    let calls = 0;
    const called = (n) => { calls += 1; return n + 1; };
    if (await lib.${how}(persistent(called), 200) !== 0) process.exit(8);
    if (${heard}) await until(() => calls > 3);
    return { pool, lib };
  };
  const { pool, lib } = await start();
  ${code}
`;

const outcome = ({ code, signal }: ProgramEnd): string => signal ?? String(code);

describe('a thread of native code that calls back (B3, B6)', function () {
  this.timeout(60_000);
  if (!contractEngines.includes('koffi')) return;

  for (const isolation of laneKinds) {
    for (const [end, { code, status }] of sample(Object.entries(ENDS))) {
      it(`then ${end} [koffi, ${isolation}]`, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const ends = await Promise.all(
            ['ot_tell_forever', 'ot_ask_forever'].map((how) =>
              runProgram('koffi', program(isolation, how, true, code)),
            ),
          );
          expect(ends.map(outcome), ends.map(({ stderr }) => stderr).join('')).to.deep.equal(
            ends.map(() => String(status)),
          );
        }
      });
    }

    slow(`that has not called yet: process.exit(), and its natural end [koffi, ${isolation}]`, async () => {
      for (const end of ['process.exit()', 'its natural end']) {
        const { code, status } = ENDS[end] as { code: string; status: number };
        const ends = await Promise.all(
          ['ot_tell_forever', 'ot_ask_forever'].map((how) =>
            runProgram('koffi', program(isolation, how, false, code)),
          ),
        );
        expect(ends.map(outcome), end).to.deep.equal(ends.map(() => String(status)));
      }
    });
  }

  it('C writes out what it has kept back [koffi, thread]', async () => {
    const end = await runProgram(
      'koffi',
      program(
        'thread',
        'ot_tell_forever',
        true,
        `const noisy = await pool.open('libc.so.6', { puts: { arguments: ['cstring'], return: 'i32' } }, { engine: 'koffi' });
         await noisy.puts('kept back');
         process.exit(3);`,
      ),
    );
    expect([outcome(end), end.stdout]).to.deep.equal(['3', 'kept back\n']);
  });
});
