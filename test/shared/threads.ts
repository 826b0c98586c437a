/** Real threads for races: each runs one task of race-thread.ts, all from the same moment on. */
import { Worker } from 'node:worker_threads';
import type { RaceTask } from './memory/race-thread.js';

const ENTRY = new URL('./memory/race-thread.js', import.meta.url);
/** ms after which threads that do not end are taken to be deadlocked. */
const GUARD_MS = 15_000;

/** Threads that are ready, and wait for the start. */
export interface Race {
  /** Lets all of them go. */
  start(): void;
  /** What each came to, in the order of the tasks. Rejects when one fails or hangs. */
  readonly results: Promise<number[]>;
}

/** Starts a thread for each task; resolves when all of them stand at the line. */
export async function race(tasks: readonly RaceTask[]): Promise<Race> {
  const line = new Int32Array(new SharedArrayBuffer(8));
  const workers = tasks.map((task) => new Worker(ENTRY, { workerData: { task, line } }));
  const results = Promise.all(
    workers.map(
      (worker) =>
        new Promise<number>((resolve, reject) => {
          const guard = setTimeout(() => reject(new Error('a thread hangs')), GUARD_MS);
          worker.once('message', (result: number) => resolve(result));
          worker.once('error', reject);
          worker.once('exit', () => clearTimeout(guard));
        }),
    ),
  ).finally(() => {
    for (const worker of workers) void worker.terminate();
  });
  results.catch(() => {});
  while (Atomics.load(line, 0) < workers.length) {
    const wait = Atomics.waitAsync(line, 0, Atomics.load(line, 0), 1_000);
    await Promise.race([wait.value, results]);
  }
  return {
    start() {
      Atomics.store(line, 1, 1);
      Atomics.notify(line, 1);
    },
    results,
  };
}
