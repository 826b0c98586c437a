/** Values that stay in their lane, for sessions: B7, B13. */
import { expect } from 'chai';
import { createPool } from '../../helpers/lane-kind.js';
import {
  type ModuleLab,
  WORK,
  type Work,
  errorOf,
  onEveryLane,
  sharedModule,
} from '../../helpers/module-lab.js';

onEveryLane('modules: kept values (B7, B13)', () => {
  const lab: ModuleLab = sharedModule({ lanes: 2 });

  it('are passed as tokens, and arrive as themselves', async () => {
    await using session = await lab.pool.session();
    const work = session.use(lab.work);
    const counter = await work.counter();
    expect(counter.lane).to.equal(session.lane);
    expect(await work.increase(counter, 2)).to.equal(2);
    expect(await work.increase(counter, 3)).to.equal(5);
    expect(work.increase.blocking(counter, 1)).to.equal(6);
    expect(await work.nameOf(await work.tagged('a'))).to.equal('a');
  });

  it('are disposed of when they are released, and when the session ends: the latest first', async () => {
    const pool = createPool({ lanes: 1 });
    const loaded = await pool.module<Work>(WORK);
    const disposals = async (count: number): Promise<number[]> => {
      for (;;) {
        await using session = await pool.session();
        const seen = await session.use(loaded).disposals();
        if (seen.length >= count) return seen;
      }
    };
    const session = await pool.session();
    const work = session.use(loaded);
    const first = await work.counter();
    await work.increase(first, 7);
    first.release();
    expect((await errorOf(work.increase(first, 1))).message).to.include('released');
    while ((await work.disposals()).length < 1);
    const second = await work.counter();
    await work.increase(second, 8);
    await work.tagged('b');
    await session.close();
    expect(await disposals(3)).to.deep.equal([7, -1, 8]);
    await pool.close();
  });

  it('are refused outside of their session, and in another one', async () => {
    const one = await lab.pool.session();
    const counter = await one.use(lab.work).counter();
    const outside = await errorOf(lab.work.increase(counter, 1));
    expect(outside.kind).to.equal('argument');
    expect(outside.message).to.include('session');
    await one.close();
    await using other = await lab.pool.session();
    if (other.lane === counter.lane) return;
    expect((await errorOf(other.use(lab.work).increase(counter, 1))).kind).to.equal('argument');
  });
});
