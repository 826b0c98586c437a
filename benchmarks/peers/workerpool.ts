import { fileURLToPath } from 'node:url';
import { pool as createPool } from 'workerpool';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from './contestant.js';

export function workerpool(ffi: Ffi, library: string, threads: number): Contestant {
  const pool = createPool(fileURLToPath(workerFile('workerpool')), {
    workerType: 'thread',
    minWorkers: 'max',
    maxWorkers: threads,
    workerThreadOpts: { env: { ...process.env, ...workerEnvironment(ffi, library) } },
  });
  return {
    name: 'workerpool',
    ffi,
    ours: false,
    // Its promise is a class of its own, a thenable: awaited, it becomes a promise.
    add: (a, b) => pool.exec('add', [a, b]),
    close: async () => {
      await pool.terminate();
    },
  };
}
