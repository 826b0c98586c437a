import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from './contestant.js';

export function poolifier(ffi: Ffi, library: string, threads: number): Contestant {
  // Without its task queue: tasks go to the workers' ports at once, which is its fastest for small ones.
  const pool = new FixedThreadPool<readonly [number, number], number>(
    threads,
    fileURLToPath(workerFile('poolifier')),
    { enableEvents: false, workerOptions: { env: { ...process.env, ...workerEnvironment(ffi, library) } } },
  );
  return {
    name: 'poolifier',
    ffi,
    ours: false,
    add: (a, b) => pool.execute([a, b]),
    close: () => pool.destroy(),
  };
}
