/** B1: native code is interrupted by a function called beside it: in time, again if need be, never too late. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, LaneLostError } from 'offthread';
import { onThreadLanes, rejection, sharedLab, thrown, withPool } from '../../helpers/contract.js';
import {
  badInterrupts,
  freeJob,
  goodInterrupts,
  newJob,
  resetJobCounters,
  runsOf,
} from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until } from '../../helpers/waiting.js';

onThreadLanes('onCancel (B1)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2, grace: 5_000 });
  let lost = 0;
  beforeEach(() => {
    resetJobCounters();
    lost = lab.pool.stats().lanesLost;
  });

  it('interrupts a running call on cancel, on its signal and at its timeout', async () => {
    const job = newJob();
    const cancelled = lab.lib.ot_job_run(job, 8_000);
    await until(() => runsOf(job) === 1, 'the job to run');
    const start = performance.now();
    cancelled.cancel();
    await rejection(cancelled, CallCancelledError);
    expect(performance.now() - start).to.be.below(2_000);
    expect(goodInterrupts()).to.be.at.least(1);
    expect(runsOf(job), 'native code is out when the call has settled').to.equal(0);

    const controller = new AbortController();
    const aborted = lab.lib.ot_job_run.with({ signal: controller.signal })(job, 8_000);
    await until(() => runsOf(job) === 1, 'the job to run');
    controller.abort();
    await rejection(aborted, CallCancelledError);

    await rejection(lab.lib.ot_job_run.with({ timeout: 30 })(job, 8_000), CallTimeoutError);
    await rejection(lab.lib.ot_job_run.with({ deadline: 30 })(job, 8_000), CallTimeoutError);
    expect(freeJob(job)).to.equal(0);
    expect(lab.pool.stats().lanesLost).to.equal(lost);
  });

  it('interrupts a blocking call at its timeout', () => {
    const job = newJob();
    const start = performance.now();
    thrown(() => lab.lib.ot_job_run.with({ timeout: 30 }).blocking(job, 8_000), CallTimeoutError);
    expect(performance.now() - start).to.be.within(29, 3_000);
    expect(freeJob(job)).to.equal(0);
    expect(badInterrupts()).to.equal(0);
  });

  it('interrupts a blocking call straight after another was interrupted', async () => {
    const [first, second] = [newJob(), newJob()];
    const call = lab.lib.ot_job_run(first, 8_000);
    await until(() => runsOf(first) === 1, 'the job to run');
    call.cancel();
    const ended = call.settled();
    const start = performance.now();
    thrown(() => lab.lib.ot_job_run.with({ timeout: 30 }).blocking(second, 8_000), CallTimeoutError);
    expect(performance.now() - start).to.be.within(29, 3_000);
    expect((await ended).status).to.equal('cancelled');
    expect([freeJob(first), freeJob(second)]).to.deep.equal([0, 0]);
    expect(lab.pool.stats().lanesLost).to.equal(lost);
  });

  it('interrupts a blocking call again when the first interrupt came too early to be seen', () => {
    for (let round = 0; round < 20; round++) {
      const job = newJob();
      const start = performance.now();
      const run = lab.lib.ot_job_run_forgetful.with({ timeout: 0.05 * round });
      if (round > 0) thrown(() => run.blocking(job, 8_000), CallTimeoutError);
      expect(performance.now() - start).to.be.below(3_000);
      expect(freeJob(job)).to.equal(0);
    }
  });

  it('never calls the function for a call that was only queued, or is over', async () => {
    const job = newJob();
    const done = lab.lib.ot_job_run(job, 1);
    expect(await done).to.equal(0);
    expect(done.cancel()).to.equal(false);
    const first = [lab.lib.ot_job_run(job, 60), lab.lib.ot_job_run(job, 60)];
    await until(() => runsOf(job) === 2, 'both lanes to be busy');
    const queued = Array.from({ length: 20 }, () => lab.lib.ot_job_run(job, 60));
    for (const call of queued) call.cancel();
    await Promise.all(queued.map((call) => call.settled()));
    expect(await Promise.all(first), 'they ran to their end').to.deep.equal([0, 0]);
    await turns(10);
    expect(goodInterrupts()).to.equal(0);
    expect(freeJob(job)).to.equal(0);
  });

  it('interrupts again when the first interrupt came too early to be seen', async () => {
    for (let round = 0; round < 40; round++) {
      const job = newJob();
      const call = lab.lib.ot_job_run_forgetful(job, 8_000);
      if (round % 2 === 0) await until(() => call.state === 'running', 'the call to run');
      else await turns(round % 5);
      call.cancel();
      await rejection(call, CallCancelledError);
      expect(freeJob(job), 'not running any more').to.equal(0);
    }
    expect(badInterrupts()).to.equal(0);
    expect(lab.pool.stats().lanesLost).to.equal(lost);
  });

  it('never interrupts a handle that was freed: 300 races between cancel, end and free', async function () {
    this.timeout(20_000);
    let cancelled = 0;
    let random = 12_345;
    const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below;
    for (let race = 0; race < 300; race++) {
      const job = newJob();
      const call = lab.lib.ot_job_run(job, next(3));
      const stop = next(4);
      if (stop === 0) call.cancel();
      else if (stop === 1) void turns(next(40)).then(() => call.cancel());
      else if (stop === 2) setTimeout(() => call.cancel(), next(3));
      const { status } = await call.settled();
      expect(status).to.be.oneOf(['succeeded', 'cancelled']);
      if (status === 'cancelled') cancelled += 1;
      expect(freeJob(job), `race ${race}: native code was out when the call settled`).to.equal(0);
    }
    await turns(50);
    expect(badInterrupts(), 'interrupts of freed handles').to.equal(0);
    expect(cancelled, 'races that cancel won').to.be.within(20, 290);
    expect(lab.pool.stats()).to.include({ lanesLost: lost, running: 0 });
  });

  it('keeps 60 jobs on both lanes apart: only those that were cancelled are interrupted', async () => {
    const jobs = Array.from({ length: 60 }, newJob);
    const calls = jobs.map((job) => lab.lib.ot_job_run(job, 3));
    const chosen = calls.filter((_, i) => i % 3 === 0);
    void turns(3).then(() => {
      for (const call of chosen) call.cancel();
    });
    const records = await Promise.all(calls.map((call) => call.settled()));
    records.forEach((record, i) => {
      if (i % 3 !== 0) expect(record).to.include({ status: 'succeeded', value: 0 });
    });
    expect(jobs.map(freeJob)).to.deep.equal(Array(60).fill(0));
    expect(badInterrupts()).to.equal(0);
  });

  slow('gives up when the interrupt does not help, after the grace', async () => {
    const options = { lanes: 1, grace: 40 };
    await withPool(engine, options, async (_, pool) => {
      const lib = await pool.open(
        testlib,
        {
          ot_sleep_ms: { arguments: ['i32'], return: 'i32', onCancel: { symbol: 'ot_nothing' } },
          ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
        },
        { engine },
      );
      const call = lib.ot_sleep_ms(1_500);
      await until(() => call.state === 'running', 'the call to run');
      const start = performance.now();
      call.cancel();
      const error = await rejection(call, CallCancelledError);
      expect(error).to.not.be.instanceOf(LaneLostError);
      expect(performance.now() - start).to.be.within(35, 1_400);
      expect(pool.stats().lanes.lost).to.equal(1);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
    });
  });
});
