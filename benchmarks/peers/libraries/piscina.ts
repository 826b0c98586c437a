import { Piscina } from 'piscina';
import { type Contestant, type Ffi, workerEnvironment, workerFile } from '../contestant.js';

/** What is worth trying for small tasks, in piscina's own words. */
export interface PiscinaTuning {
  readonly concurrentTasksPerWorker: number;
  readonly atomics: 'sync' | 'async' | 'disabled';
}

export function piscina(ffi: Ffi, library: string, threads: number, tuning: PiscinaTuning): Contestant {
  const pool = new Piscina({
    filename: workerFile('add-task').href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    recordTiming: false,
    env: { ...process.env, ...workerEnvironment(ffi, library) },
    ...tuning,
  });
  const { atomics, concurrentTasksPerWorker: tasks } = tuning;
  return {
    name: `piscina, ${tasks} a worker${atomics === 'sync' ? '' : `, atomics ${atomics}`}`,
    ffi,
    ours: false,
    call: (a, b) => pool.run([a, b]) as Promise<number>,
    close: () => pool.destroy(),
  };
}
