/** B2: lanes where the machine gives little, and with whatever this process was started with. */
import { expect } from 'chai';
import { ArgumentError, createPool } from 'offthread';
import { runFamily, type ProgramOptions } from '../../helpers/fault-program.js';
import { type Ground, environment, lanesWith, onProcessLanes } from '../../helpers/faults.js';
import { sample, slow } from '../../helpers/fast-run.js';

const ADD = `
  const { pool, lib } = await open(OPTIONS);
  say(await lib.ot_add(1, 2));
  await pool.close();
  say('closed');`;

async function answers(ground: Ground, options: ProgramOptions, pool = '{}'): Promise<void> {
  const end = await runFamily(ground, ADD.replace('OPTIONS', pool), options);
  expect(end).to.include({ code: 0, signal: null, stdout: '3\nclosed\n', stderr: '' });
  expect([...end.orphans]).to.deep.equal([]);
}

onProcessLanes('lanes of a process that has little (B2)', (ground) => {
  for (const free of sample([0, 2, 5, 8])) {
    it(`a lane that dies when ${free} descriptors are left takes nothing else along, and is replaced when there are more`, async () => {
      const end = await runFamily(
        ground,
        `
        import { closeSync, openSync, readdirSync } from 'node:fs';
        const { pool, lib } = await open({ lanes: 2, stderr: 'capture', maxDeaths: Infinity });
        while (pool.stats().lanes.spare < 1) await turn();
        const before = readdirSync('/proc/self/fd').length;
        const taken = [];
        try {
          for (;;) taken.push(openSync('/dev/null'));
        } catch {}
        for (const fd of taken.splice(0, ${free})) closeSync(fd);
        say((await lib.ot_die(11).settled()).error.code);
        say(await lib.ot_add(1, 2));
        // Replacements are tried for in vain.
        await turn(300);
        say(await lib.ot_add(2, 2));
        for (const fd of taken) closeSync(fd);
        while (pool.stats().lanes.idle < 2 || pool.stats().lanes.spare < 1) await turn();
        say(await lib.ot_add(3, 2));
        say(Math.abs(readdirSync('/proc/self/fd').length - before) < 4 ? 'no descriptor left' : 'descriptors left');
        await pool.close();`,
        { descriptors: 120 },
      );
      expect(end).to.include({
        code: 0,
        signal: null,
        stdout: 'OFFTHREAD_LANE_CRASHED\n3\n4\n5\nno descriptor left\n',
        stderr: '',
      });
    });
  }

  for (const megabytes of [2_500, 3_000, 6_000]) {
    slow(`${megabytes} MB of address space are enough`, async () => {
      await answers(ground, { addressSpaceMb: megabytes }, '{ lanes: 2 }');
    });
  }
});

onProcessLanes('what this process was started with (B2)', (ground) => {
  slow('options with their value in the next argument', async () => {
    await answers(ground, { args: ['--max-http-header-size', '8192'] });
    await answers(ground, { args: ['--disable-warning', 'DeprecationWarning', '--max-old-space-size=200'] });
  });

  slow('its environment, given as it is', async () => {
    await answers(ground, { env: { SOMETHING: 'set' } }, '{ env: process.env }');
  });

  it('lanes have the environment that was given, and no other', async () => {
    const env = environment({ OFFTHREAD_GIVEN: 'yes' });
    delete env['HOME'];
    const withEnvironment = lanesWith('libc.so.6', { getenv: { arguments: ['cstring'], return: 'cstring' } });
    process.env['OFFTHREAD_LATE'] = 'set after';
    try {
      await withEnvironment(ground, { env }, async (lib) => {
        expect(await lib.getenv('OFFTHREAD_GIVEN')).to.equal('yes');
        expect(await lib.getenv('OFFTHREAD_LATE')).to.equal(null);
        expect(await lib.getenv('HOME')).to.equal(null);
      });
    } finally {
      delete process.env['OFFTHREAD_LATE'];
    }
  });

  it('an environment that is refused is not shown: it may hold secrets', () => {
    const secret = Object.assign(Object.create({ inherited: 1 }) as object, { PASSWORD: 'hunter2' });
    for (const env of [secret, { PASSWORD: ['hunter2'] }, { PASSWORD: 'hunter2\0' }, 'PASSWORD=hunter2']) {
      const make = (): unknown => createPool({ isolation: 'process', env: env as never });
      expect(make)
        .to.throw(ArgumentError, /env/)
        .that.does.not.match(/hunter2/);
    }
  });
});
