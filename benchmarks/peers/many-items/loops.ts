/** Threads that each run a plain loop of native calls, at the same time: the limit of that many threads. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { testlib } from '../../harness/paths.js';
import { type Ffi, workerEnvironment, workerFile } from '../contestant.js';

export interface LoopWorkerData {
  /** An array of pairs of numbers into an array, or two typed arrays into one. */
  readonly shape: 'pairs' | 'columns';
  /** Of this thread. */
  readonly items: number;
}

export interface Loops {
  readonly name: string;
  readonly ffi: Ffi;
  /** @returns items a second, of all threads together. */
  readonly rate: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** ffi-rs has to be linked. @param items of all threads together. */
export async function plainLoops(
  ffi: Ffi,
  shape: LoopWorkerData['shape'],
  threads: number,
  items: number,
): Promise<Loops> {
  const workerData: LoopWorkerData = { shape, items: Math.ceil(items / threads) };
  const env = { ...process.env, ...workerEnvironment(ffi, testlib) };
  const workers = Array.from({ length: threads }, () => new Worker(workerFile('loop'), { workerData, env }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const name = `${threads} threads, a plain loop each`;
  return {
    name,
    ffi,
    rate: async () => {
      const start = performance.now();
      const checks = await Promise.all(
        workers.map(async (worker) => {
          worker.postMessage('go');
          await once(worker, 'message');
          return { doneAt: performance.now(), wrong: once(worker, 'message') };
        }),
      );
      const seconds = (Math.max(...checks.map(({ doneAt }) => doneAt)) - start) / 1_000;
      for (const { wrong } of checks) {
        const [count] = (await wrong) as [number];
        if (count > 0) throw new Error(`${name}: ${count} wrong results`);
      }
      return (workerData.items * threads) / seconds;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
