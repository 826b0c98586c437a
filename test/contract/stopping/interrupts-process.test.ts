/** B1 in process lanes: the interrupt function runs in the lane's own process, beside its call, and never after it. */
import { expect } from 'chai';
import {
  CallCancelledError,
  CallTimeoutError,
  type EngineName,
  type Library,
  out,
  type Pool,
} from 'offthread';
import { contractEngines, describeOn, rejection, thrown } from '../../helpers/contract.js';
import { createPool } from '../../helpers/lane-kind.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';

const onCancel = { symbol: 'ot_job_interrupt', arguments: [0] } as const;
const JOBS = {
  ot_job_new: { arguments: [out('pointer')], return: 'i32' },
  ot_job_run: { arguments: ['pointer', 'i32'], return: 'i32', onCancel },
  ot_job_run_forgetful: { arguments: ['pointer', 'i32'], return: 'i32', onCancel },
  ot_job_free: { arguments: ['pointer'], return: 'i32' },
  ot_job_interrupts: { arguments: [], return: 'i32' },
  ot_job_bad_interrupts: { arguments: [], return: 'i32' },
  ot_process_id: { arguments: [], return: 'i32' },
} as const;
type Jobs = Library<typeof JOBS>;

/** One lane: a job is memory of its process. */
async function withJob(
  engine: EngineName,
  test: (lib: Jobs, job: bigint, pool: Pool) => Promise<void>,
): Promise<void> {
  const pool = createPool({ lanes: 1, grace: 8_000 });
  try {
    const lib = await pool.open(testlib, JOBS, { engine });
    const before = await lib.ot_process_id();
    const [, job] = await lib.ot_job_new();
    await test(lib, job, pool);
    expect(await lib.ot_job_bad_interrupts(), 'interrupts of what was freed').to.equal(0);
    expect(await lib.ot_process_id(), 'the same process').to.equal(before);
    expect(pool.stats()).to.include({ lanesLost: 0, lanesKilled: 0, lanesCrashed: 0 });
  } finally {
    await pool.close({ timeout: 2_000 });
  }
}

describeOn(contractEngines, ['process'], 'onCancel in a process (B1)', (engine) => {
  it('interrupts a running call on cancel, at its timeout and at its deadline, and costs no process', async () => {
    await withJob(engine, async (lib) => {
      // A job each: an interrupt that is repeated as its run ends stays with its job.
      const own = async (): Promise<bigint> => (await lib.ot_job_new())[1];
      const cancelled = lib.ot_job_run(await own(), 8_000);
      await until(() => cancelled.state === 'running', 'the job to run');
      cancelled.cancel();
      await rejection(cancelled, CallCancelledError);
      await rejection(lib.ot_job_run.with({ timeout: 30 })(await own(), 8_000), CallTimeoutError);
      await rejection(lib.ot_job_run.with({ deadline: 30 })(await own(), 8_000), CallTimeoutError);
      const job = await own();
      thrown(() => lib.ot_job_run.with({ timeout: 30 }).blocking(job, 8_000), CallTimeoutError);
      expect(await lib.ot_job_interrupts()).to.be.at.least(4);
      expect(await lib.ot_job_free(job)).to.equal(0);
    });
  });

  it('interrupts again when the first interrupt came too early to be seen', async () => {
    await withJob(engine, async (lib, job) => {
      for (let round = 0; round < 10; round += 1) {
        const call = lib.ot_job_run_forgetful(job, 8_000);
        await until(() => call.state === 'running', 'the job to run');
        call.cancel();
        await rejection(call, CallCancelledError);
      }
    });
  });

  it('never interrupts a handle that was freed: 100 races between cancel, end and free', async () => {
    await withJob(engine, async (lib) => {
      for (let round = 0; round < 100; round += 1) {
        const [, job] = await lib.ot_job_new();
        const call = lib.ot_job_run(job, round % 3);
        if (round % 2 === 0) await until(() => call.state !== 'queued', 'the job to run');
        call.cancel();
        const free = lib.ot_job_free(job);
        expect((await call.settled()).status).to.be.oneOf(['succeeded', 'cancelled']);
        expect(await free).to.equal(0);
      }
    });
  });
});
