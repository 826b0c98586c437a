/** Functions of modules that are cancelled, time out, or do not stop: B1, B13. */
import { expect } from 'chai';
import { createPool } from '../../helpers/lane-kind.js';
import {
  WORK,
  type Work,
  type ModuleLab,
  errorOf,
  onEveryLane,
  sharedModule,
} from '../../helpers/module-lab.js';
import { until } from '../../helpers/waiting.js';

onEveryLane('modules: stopping (B13)', () => {
  const lab: ModuleLab = sharedModule({ lanes: 2, grace: 10_000 });

  for (const name of [
    'blockUntilCancelled',
    'pollSignal',
    'awaitSignal',
    'throwWhenCancelled',
    'pollTripwire',
  ] as const) {
    it(`${name} learns that it is cancelled, and its lane goes on`, async () => {
      const { lanesLost } = lab.pool.stats();
      const call = lab.work[name]();
      await until(() => call.state === 'running', 'the start of the call');
      call.cancel('enough');
      expect((await errorOf(call)).kind).to.equal('cancelled');
      expect(await lab.work.add(1, 2)).to.equal(3);
      expect(lab.pool.stats().lanesLost).to.equal(lanesLost);
    });

    it(`${name} learns that its time is over`, async () => {
      expect((await errorOf(lab.work[name].with({ timeout: 20 })())).kind).to.equal('timeout');
    });
  }

  for (const name of ['spin', 'never'] as const) {
    it(`${name}, which does not stop, loses its lane, and the next call is served`, async () => {
      const pool = createPool({ lanes: 1, grace: 50 });
      const work = await pool.module<Work>(WORK);
      const error = await errorOf(work[name].with({ timeout: 20 })());
      expect(error.kind).to.equal('timeout');
      expect(await work.add(1, 2)).to.equal(3);
      await until(() => pool.stats().lanes.lost === 0, 'the end of the lost lane');
      await pool.close();
    });
  }

  it('a pool can be destroyed while a function does not stop', async () => {
    const pool = createPool({ lanes: 2, grace: 50 });
    const work = await pool.module<Work>(WORK);
    const calls = [work.spin(), work.never()];
    const errors = calls.map((call) => errorOf(call));
    await until(() => calls.every(({ state }) => state === 'running'), 'the start of both calls');
    await pool.destroy();
    for (const error of await Promise.all(errors)) expect(error.kind).to.equal('closed');
  });
});
