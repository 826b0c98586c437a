import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from '../contestant.js';

/** Its `destroy` waits for answers that now and then do not come. */
const CLOSE_MS = 2_000;

export function poolifier(ffi: Ffi, library: string, threads: number): Contestant {
  // Without its task queue, its default; with a queue and 32 tasks a worker it came within 10 % either way.
  const pool = new FixedThreadPool<readonly [number, number], number>(
    threads,
    fileURLToPath(workerFile('add-poolifier')),
    { enableEvents: false, workerOptions: { env: { ...process.env, ...workerEnvironment(ffi, library) } } },
  );
  return {
    name: 'poolifier',
    ffi,
    ours: false,
    call: (a, b) => pool.execute([a, b]),
    close: async () => {
      const ended = pool.destroy().then(() => true);
      if (await Promise.race([ended, sleep(CLOSE_MS, false)])) return;
      await Promise.all(pool.workerNodes.map(({ worker }) => worker.terminate()));
    },
  };
}
