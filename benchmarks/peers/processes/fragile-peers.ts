/** tinypool and workerpool with one worker process. */
import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';
import { pool as createPool } from 'workerpool';
import { workerEnvironment, workerFile } from '../contestant.js';
import { type Fragile, type Hung, Marks } from './fragile.js';

/** A task is stopped by its signal: tinypool then ends its process, by SIGTERM, and after 1 s by SIGKILL. */
export function fragileTinypool(name: string, library: string): Fragile {
  const pool = new Tinypool({
    runtime: 'child_process',
    filename: workerFile('fragile-jobs').href,
    minThreads: 1,
    maxThreads: 1,
    env: { ...(process.env as Record<string, string>), ...workerEnvironment('koffi', library) },
  });
  const marks = new Marks();
  const processId = (): Promise<number> => pool.run(null, { name: 'processId' }) as Promise<number>;
  return {
    name,
    ours: false,
    processId,
    crash: () => pool.run(null, { name: 'crash' }),
    hang: async (): Promise<Hung> => {
      const mark = marks.next();
      const controller = new AbortController();
      const ended = pool.run(mark, { name: 'hang', signal: controller.signal });
      await marks.made(mark);
      return { ended, cancel: () => controller.abort() };
    },
    rested: async () => {
      await processId();
    },
    close: async () => {
      marks.remove();
      await pool.destroy();
    },
  };
}

/**
 * A task is stopped by `cancel` of its promise. workerpool then waits for the
 * worker to clean up, asks it to end, and ends its process by SIGTERM.
 *
 * @param terminateTimeout ms of each of the two waits; 1,000 is its default.
 */
export function fragileWorkerpool(name: string, library: string, terminateTimeout = 1_000): Fragile {
  const pool = createPool(fileURLToPath(workerFile('fragile-workerpool')), {
    workerType: 'process',
    minWorkers: 'max',
    maxWorkers: 1,
    workerTerminateTimeout: terminateTimeout,
    forkOpts: { env: { ...process.env, ...workerEnvironment('koffi', library) } },
  });
  const marks = new Marks();
  const processId = async (): Promise<number> => (await pool.exec('processId')) as number;
  return {
    name,
    ours: false,
    processId,
    crash: async () => (await pool.exec('crash')) as unknown,
    hang: async (): Promise<Hung> => {
      const mark = marks.next();
      const task = pool.exec('hang', [mark]);
      await marks.made(mark);
      // Asked for only now: `cancel` is of the promise that workerpool gave.
      const ended = new Promise<unknown>((resolve, reject) => void task.then(resolve, reject));
      return { ended, cancel: () => void task.cancel() };
    },
    rested: async () => {
      await processId();
    },
    close: async () => {
      marks.remove();
      await pool.terminate(true);
    },
  };
}
