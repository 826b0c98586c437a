/** Issue 4.1: what a pool of processes says of itself, and what its lanes are given. */
import { expect } from 'chai';
import { environment, figures, lanesWith, onProcessLanes } from '../helpers/faults.js';
import { FAULTS } from '../helpers/fault-functions.js';
import { testlib } from '../helpers/testlib.js';

const withLanes = lanesWith(testlib, FAULTS);

onProcessLanes('what a pool of processes says of itself (issue 4.1)', (ground) => {
  it('shared where memory can be mapped', async () => {
    await withLanes(ground, {}, async (_, pool) => {
      expect(figures(pool)).to.include({ isolation: 'process', breaker: 'closed' });
      if (process.platform === 'linux') expect(figures(pool).control).to.equal('shared');
    });
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
});
