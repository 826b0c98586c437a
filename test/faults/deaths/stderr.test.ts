/** B2: the last lines that a dead lane wrote to stderr are in its error; captured or passed on. */
import { constants } from 'node:os';
import { expect } from 'chai';
import { runFamily } from '../../helpers/fault-program.js';
import { crash, lanesWith, onProcessLanes } from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';

const withLanes = lanesWith(testlib, FAULTS);
const CAPTURE = { stderr: 'capture', maxDeaths: Infinity } as const;
const ABORT = constants.signals.SIGABRT;
const size = (lines: readonly string[]): number => Buffer.byteLength(lines.join('\n'));

onProcessLanes('the last words of a lane (B2)', (ground) => {
  slow('are in its error, those of earlier calls too, and no other lane’s', async () => {
    await withLanes(ground, CAPTURE, async (lib) => {
      await lib.ot_complain('earlier', 1, 0);
      const first = await crash(lib.ot_complain('trouble', 2, ABORT));
      expect([...first.stderr]).to.deep.equal(['earlier 1', 'trouble 1', 'trouble 2']);
      const second = await crash(lib.ot_complain('next', 1, ABORT));
      expect([...second.stderr]).to.deep.equal(['next 1']);
      expect([...(await crash(lib.ot_die(ABORT))).stderr]).to.deep.equal([]);
    });
  });

  slow('are the last 20 lines, and 4,096 bytes at most', async () => {
    await withLanes(ground, CAPTURE, async (lib) => {
      const many = await crash(lib.ot_complain('line', 100, ABORT));
      expect([...many.stderr]).to.deep.equal(Array.from({ length: 20 }, (_, i) => `line ${81 + i}`));
      const wide = await crash(lib.ot_complain('w'.repeat(1_000), 12, ABORT));
      expect(size(wide.stderr)).to.be.within(1, 4_096);
      expect(wide.stderr.at(-1)).to.equal(`${'w'.repeat(1_000)} 12`);
      const endless = await crash(lib.ot_complain_raw(Buffer.alloc(50_000, 'e'), 50_000, ABORT));
      expect(size(endless.stderr)).to.be.within(1, 4_096);
      expect(endless.stderr.join('')).to.match(/^\W*e+$/);
    });
  });

  slow('need no newline, and need not be text', async () => {
    await withLanes(ground, CAPTURE, async (lib) => {
      const words = (bytes: Buffer): Promise<{ readonly stderr: readonly string[] }> =>
        crash(lib.ot_complain_raw(bytes, bytes.length, ABORT));
      expect([...(await words(Buffer.from('one\ntwo'))).stderr]).to.deep.equal(['one', 'two']);
      expect([...(await words(Buffer.from('Grüße\r\n\n世界 🌍\n'))).stderr].join('|')).to.match(
        /^Grüße\|+世界 🌍$/,
      );
      const garbage = await words(Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0x61]));
      expect(garbage.stderr.at(-1)).to.equal('a');
    });
  });

  slow('of 4 MB do not block it, nor the host', async () => {
    await withLanes(ground, { ...CAPTURE, lanes: 2 }, async (lib) => {
      const bytes = Buffer.alloc(4 << 20, 'all work and no play\n');
      const [error, lived] = await Promise.all([
        crash(lib.ot_complain_raw(bytes, bytes.length, ABORT)),
        lib.ot_complain_raw(bytes, bytes.length, 0),
      ]);
      expect(lived).to.equal(0);
      expect(error.signal).to.equal('SIGABRT');
      expect(size(error.stderr)).to.be.within(1, 4_096);
      expect(error.stderr.join()).to.include('play');
      expect(error.stderr.at(-1), 'the very last of it').to.equal('all work and no ');
    });
  });

  for (const stderr of ['capture', 'inherit'] as const) {
    slow(
      `are ${stderr === 'capture' ? 'kept from' : 'passed on to'} the host’s stderr with '${stderr}'`,
      async () => {
        const end = await runFamily(
          ground,
          `const { pool, lib } = await open({ stderr: '${stderr}' });
         await lib.ot_complain('lived', 1, 0);
         const { error } = await lib.ot_complain('died', 2, ${ABORT}).settled();
         say(error.stderr.join('|'));
         await pool.close();`,
        );
        expect(end).to.include({ code: 0, signal: null, stdout: 'lived 1|died 1|died 2\n' });
        expect(end.stderr).to.equal(stderr === 'capture' ? '' : 'lived 1\ndied 1\ndied 2\n');
      },
    );
  }

  it('are passed on where nothing is asked for, and stdout is the host’s', async () => {
    const end = await runFamily(
      ground,
      `const { pool, lib } = await open();
       await lib.ot_print('noise');
       await lib.ot_complain('words', 1, 0);
       await pool.close();`,
    );
    expect(end).to.include({ code: 0, signal: null, stdout: 'noise\n', stderr: 'words 1\n' });
  });

  it('have what the library prints beside them where stdout is to go to stderr', async () => {
    const end = await runFamily(
      ground,
      `const { pool, lib } = await open({ stdout: 'stderr' });
       await lib.ot_print('noise');
       say('result');
       await pool.close();`,
    );
    expect(end).to.include({ code: 0, signal: null, stdout: 'result\n', stderr: 'noise\n' });
  });
});
