/** Who is compared at functions on the host that another thread calls, and waits for. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { callback, createPool } from 'offthread';
import { workerFile } from '../contestant.js';

/** A function on the host: what is called back. */
export type HostFunction = (n: number) => number | Promise<number>;

export interface Asker {
  readonly name: string;
  readonly ours: boolean;
  /** Has another thread call the function with 0, 1, 2, …, each after the answer to the one before. @returns the sum of the answers. */
  readonly ask: (calls: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

export interface AskWorkerData {
  readonly library: string;
  /** Number of answers so far, and the last answer. */
  readonly answers: Int32Array;
}

/** Native code calls back; offthread runs the function here. Everything as it comes. */
export async function offthreadAsker(name: string, library: string, fn: HostFunction): Promise<Asker> {
  const pool = createPool({ lanes: 1 });
  const { ot_call_callback } = await pool.open(
    library,
    {
      ot_call_callback: {
        arguments: [callback({ arguments: ['i32'], return: 'i32' }), 'i32'],
        return: 'i32',
      },
    },
    { engine: 'koffi' },
  );
  return {
    name,
    ours: true,
    ask: (calls) => ot_call_callback(fn, calls),
    close: () => pool.close(),
  };
}

/** Native code calls back; the callback posts a message, and blocks until the host has answered in shared memory. */
export async function blockingAsker(name: string, library: string, fn: HostFunction): Promise<Asker> {
  const answers = new Int32Array(new SharedArrayBuffer(8));
  const workerData: AskWorkerData = { library, answers };
  const worker = new Worker(workerFile('ask'), { workerData });
  await once(worker, 'online');
  const answer = (value: number): void => {
    answers[1] = value;
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  };
  let over: (sum: number) => void = () => {};
  worker.on('message', ({ n, sum }: { n: number; sum?: number }) => {
    if (sum !== undefined) {
      over(sum);
      return;
    }
    const result = fn(n);
    if (typeof result === 'number') answer(result);
    else void result.then(answer);
  });
  return {
    name,
    ours: false,
    ask: (calls) =>
      new Promise((resolve) => {
        over = resolve;
        worker.postMessage(calls);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

/** No native code at all: a message to a worker, and its message back. */
export async function pingPong(name: string, fn: (n: number) => number): Promise<Asker> {
  const worker = new Worker(workerFile('echo'));
  await once(worker, 'online');
  let left = 0;
  let sum = 0;
  let over: (sum: number) => void = () => {};
  worker.on('message', (n: number) => {
    sum += fn(n);
    left -= 1;
    if (left === 0) over(sum);
    else worker.postMessage(n + 1);
  });
  return {
    name,
    ours: false,
    ask: (calls) =>
      new Promise((resolve) => {
        over = resolve;
        left = calls;
        sum = 0;
        worker.postMessage(0);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}
