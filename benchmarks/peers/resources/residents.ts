/**
 * Who is compared at memory: pools of so many lanes or workers, each of which
 * has koffi and the library loaded. A program that uses one of them loads that
 * one, so each is imported only where it is asked for.
 */
import { fileURLToPath } from 'node:url';
import { workerEnvironment, workerFile } from '../contestant.js';

export interface Resident {
  /** Processes that have to be there, beside the host. */
  readonly processes: number;
  /** Blocks a lane or a worker in native code for that long. */
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const filename = workerFile('sleep');

function environment(library: string): Record<string, string> {
  return { ...(process.env as Record<string, string>), ...workerEnvironment('koffi', library) };
}

async function offthread(library: string, lanes: number, isolation: 'thread' | 'process'): Promise<Resident> {
  const { createPool } = await import('offthread');
  const pool = createPool({ lanes, isolation });
  const { ot_sleep_ms } = await pool.open(
    library,
    { ot_sleep_ms: { arguments: ['i32'], return: 'i32' } },
    { engine: 'koffi' },
  );
  // Its default: a spare beside the lanes.
  const processes = isolation === 'process' ? lanes + 1 : 0;
  return { processes, sleep: ot_sleep_ms, close: () => pool.close() };
}

async function piscina(library: string, threads: number): Promise<Resident> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: filename.href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    recordTiming: false,
    env: environment(library),
  });
  return { processes: 0, sleep: (ms) => pool.run(ms), close: () => pool.destroy() };
}

async function tinypool(
  library: string,
  workers: number,
  runtime: 'worker_threads' | 'child_process',
): Promise<Resident> {
  const { Tinypool } = await import('tinypool');
  const pool = new Tinypool({
    runtime,
    filename: filename.href,
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: 2 ** 31 - 1,
    env: environment(library),
  });
  const processes = runtime === 'child_process' ? workers : 0;
  return { processes, sleep: (ms) => pool.run(ms), close: () => pool.destroy() };
}

async function workerpool(library: string, workers: number): Promise<Resident> {
  const { pool: createPool } = await import('workerpool');
  const pool = createPool(fileURLToPath(workerFile('sleep-workerpool')), {
    workerType: 'process',
    minWorkers: 'max',
    maxWorkers: workers,
    forkOpts: { env: environment(library) },
  });
  return {
    processes: workers,
    sleep: async (ms) => (await pool.exec('sleep', [ms])) as unknown,
    close: async () => {
      await pool.terminate();
    },
  };
}

export type ResidentName =
  | 'offthread threads'
  | 'piscina threads'
  | 'tinypool worker_threads'
  | 'offthread processes'
  | 'tinypool child_process'
  | 'workerpool process';

export const residents: Readonly<
  Record<ResidentName, (library: string, lanes: number) => Promise<Resident>>
> = {
  'offthread threads': (library, lanes) => offthread(library, lanes, 'thread'),
  'piscina threads': piscina,
  'tinypool worker_threads': (library, workers) => tinypool(library, workers, 'worker_threads'),
  'offthread processes': (library, lanes) => offthread(library, lanes, 'process'),
  'tinypool child_process': (library, workers) => tinypool(library, workers, 'child_process'),
  'workerpool process': workerpool,
};
