import { Tinypool } from 'tinypool';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from '../contestant.js';

/** @param tasks that a worker is given at once. */
export function tinypool(
  ffi: Ffi,
  library: string,
  workers: number,
  tasks: number,
  runtime: 'worker_threads' | 'child_process' = 'worker_threads',
): Contestant {
  const pool = new Tinypool({
    runtime,
    filename: workerFile('add-task').href,
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: 2 ** 31 - 1,
    concurrentTasksPerWorker: tasks,
    env: { ...(process.env as Record<string, string>), ...workerEnvironment(ffi, library) },
  });
  return {
    name: `tinypool${runtime === 'child_process' ? ' child_process' : ''}, ${tasks} a worker`,
    ffi,
    ours: false,
    call: (a, b) => pool.run([a, b]) as Promise<number>,
    close: () => pool.destroy(),
  };
}
