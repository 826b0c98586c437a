/**
 * Pools of peers whose workers have all that is in `workers/jobs.ts`: one for
 * every question that is not about adding two integers. koffi calls native code.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { FixedThreadPool } from 'poolifier';
import { Tinypool } from 'tinypool';
import { pool as createWorkerpool } from 'workerpool';
import { testlib } from '../../harness/paths.js';
import { workerEnvironment, workerFile } from '../contestant.js';
import type { PiscinaTuning } from './piscina.js';
import type * as jobs from '../workers/jobs.js';

export type JobName = keyof typeof jobs;

export interface JobPool {
  readonly name: string;
  /** Runs a function of `workers/jobs.ts`. @param transfer what is given away with its argument. */
  readonly run: (job: JobName, argument: unknown, transfer?: readonly ArrayBuffer[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const env = { ...(process.env as Record<string, string>), ...workerEnvironment('koffi', testlib) };

export function piscinaJobs(threads: number, tuning: PiscinaTuning): JobPool {
  const pool = new Piscina({
    filename: workerFile('jobs').href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    recordTiming: false,
    env,
    ...tuning,
  });
  const { atomics, concurrentTasksPerWorker: tasks } = tuning;
  return {
    name: `piscina, ${tasks} a worker${atomics === 'sync' ? '' : `, atomics ${atomics}`}`,
    run: (name, argument, transfer) =>
      pool.run(argument, transfer === undefined ? { name } : { name, transferList: [...transfer] }),
    close: () => pool.destroy(),
  };
}

/** @param tasks that a worker is given at once. */
export function tinypoolJobs(threads: number, tasks: number): JobPool {
  const pool = new Tinypool({
    filename: workerFile('jobs').href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: 2 ** 31 - 1,
    concurrentTasksPerWorker: tasks,
    env,
  });
  return {
    name: `tinypool, ${tasks} a worker`,
    run: (name, argument, transfer) =>
      pool.run(argument, transfer === undefined ? { name } : { name, transferList: [...transfer] }),
    close: () => pool.destroy(),
  };
}

function workerpoolJobs(threads: number): JobPool {
  const pool = createWorkerpool(fileURLToPath(workerFile('jobs-workerpool')), {
    workerType: 'thread',
    minWorkers: 'max',
    maxWorkers: threads,
    workerThreadOpts: { env },
  });
  return {
    name: 'workerpool',
    run: async (name, argument, transfer) =>
      (await pool.exec(
        name,
        [argument],
        transfer === undefined ? undefined : { transfer: [...transfer] },
      )) as unknown,
    close: async () => {
      await pool.terminate();
    },
  };
}

/** ms: poolifier's `destroy` waits for answers that now and then do not come. */
const CLOSE_MS = 2_000;

function poolifierJobs(threads: number): JobPool {
  const pool = new FixedThreadPool(threads, fileURLToPath(workerFile('jobs-poolifier')), {
    enableEvents: false,
    workerOptions: { env },
  });
  return {
    name: 'poolifier',
    run: (name, argument, transfer) => pool.execute(argument, name, undefined, transfer),
    close: async () => {
      const ended = pool.destroy().then(() => true);
      if (await Promise.race([ended, sleep(CLOSE_MS, false)])) return;
      await Promise.all(pool.workerNodes.map(({ worker }) => worker.terminate()));
    },
  };
}

/** Each pool as its documentation advises for small tasks: many tasks a worker, where it has that. */
export function jobPools(threads: number): JobPool[] {
  return [
    piscinaJobs(threads, { concurrentTasksPerWorker: 32, atomics: 'sync' }),
    piscinaJobs(threads, { concurrentTasksPerWorker: 32, atomics: 'disabled' }),
    tinypoolJobs(threads, 32),
    workerpoolJobs(threads),
    poolifierJobs(threads),
  ];
}

export type PoolName = 'piscina' | 'tinypool' | 'workerpool' | 'poolifier';

/** With one task a worker: for tasks that block it. */
const blocking: Readonly<Record<PoolName, (threads: number) => JobPool>> = {
  piscina: (threads) => piscinaJobs(threads, { concurrentTasksPerWorker: 1, atomics: 'sync' }),
  tinypool: (threads) => tinypoolJobs(threads, 1),
  workerpool: workerpoolJobs,
  poolifier: poolifierJobs,
};

export const POOL_NAMES: readonly PoolName[] = Object.keys(blocking) as PoolName[];

/** A pool with one task a worker. */
export function blockingJobPool(name: PoolName, threads: number): JobPool {
  return blocking[name](threads);
}
