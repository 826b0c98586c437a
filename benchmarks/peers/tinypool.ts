import { Tinypool } from 'tinypool';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from './contestant.js';

export function tinypool(ffi: Ffi, library: string, threads: number, tasks: number): Contestant {
  const pool = new Tinypool({
    filename: workerFile('task').href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: 2 ** 31 - 1,
    concurrentTasksPerWorker: tasks,
    env: { ...(process.env as Record<string, string>), ...workerEnvironment(ffi, library) },
  });
  return {
    name: `tinypool, ${tasks} a worker`,
    ffi,
    ours: false,
    add: (a, b) => pool.run([a, b]) as Promise<number>,
    close: () => pool.destroy(),
  };
}
