import { fileURLToPath } from 'node:url';
import { pool as createPool } from 'workerpool';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from '../contestant.js';

export function workerpool(
  ffi: Ffi,
  library: string,
  workers: number,
  workerType: 'thread' | 'process' = 'thread',
): Contestant {
  const env = { ...process.env, ...workerEnvironment(ffi, library) };
  const pool = createPool(fileURLToPath(workerFile('add-workerpool')), {
    workerType,
    minWorkers: 'max',
    maxWorkers: workers,
    workerThreadOpts: { env },
    forkOpts: { env },
  });
  return {
    name: `workerpool${workerType === 'process' ? ' process' : ''}`,
    ffi,
    ours: false,
    // Its promise is a class of its own, a thenable: awaited, it becomes a promise.
    call: (a, b) => pool.exec('add', [a, b]),
    close: async () => {
      await pool.terminate();
    },
  };
}
