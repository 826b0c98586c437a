/** A real thread that does one task, from the moment on that it is let go. */
import { type Transferable, Worker, parentPort, workerData } from 'node:worker_threads';

/** ms after which a thread that does not end is taken to hang. */
const GUARD_MS = 15_000;

interface Order {
  readonly task: unknown;
  /** Words: the thread is ready; it may go. */
  readonly line: Int32Array;
}

export interface Thread<R> {
  /** Lets it go. */
  start(): void;
  /** What it came to. Rejects when it fails or hangs. */
  readonly result: Promise<R>;
  /** Ends it, whatever it does. */
  end(): Promise<unknown>;
}

/** Starts a thread on a file that calls {@link obey}; resolves when it stands at the line. */
export async function thread<R>(
  entry: URL,
  task: unknown,
  transferList: readonly Transferable[] = [],
): Promise<Thread<R>> {
  const line = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(entry, {
    workerData: { task, line } satisfies Order,
    transferList: [...transferList],
  });
  const result = new Promise<R>((resolve, reject) => {
    const guard = setTimeout(() => reject(new Error('a thread hangs')), GUARD_MS);
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => clearTimeout(guard));
  });
  result.catch(() => {});
  while (Atomics.load(line, 0) === 0) {
    await Promise.race([Atomics.waitAsync(line, 0, 0, 1_000).value, result]);
  }
  return {
    start() {
      Atomics.store(line, 1, 1);
      Atomics.notify(line, 1);
    },
    result,
    end: () => worker.terminate(),
  };
}

/** For the file that a thread is started on: does the task, and tells what it came to. */
export function obey(run: (task: never) => unknown): void {
  if (parentPort === null) return;
  const { task, line } = workerData as Order;
  Atomics.store(line, 0, 1);
  Atomics.notify(line, 0);
  Atomics.wait(line, 1, 0);
  parentPort.postMessage(run(task as never));
}

/** Whole numbers below a bound, the same on both sides of a race. */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Passes time without giving the core away. */
export function dawdle(us: number): void {
  const until = performance.now() + us / 1_000;
  while (performance.now() < until);
}

/** Passes time in steps of some ns. */
export function linger(steps: number): void {
  for (let step = 0; step < steps; step += 1) load(LINGER, 0);
}

const LINGER = new Int32Array(new SharedArrayBuffer(4));
/** Not the one that holds up. */
const { load } = Atomics;

const STEPS = ['add', 'compareExchange', 'exchange', 'load', 'notify', 'store', 'wait'] as const;

/**
 * Holds this thread up now and then, before any step on shared memory: as a
 * busy machine does, only much more often.
 * @returns what ends it.
 */
export function holdUp(seed: number): () => void {
  const roll = dice(seed);
  const atomics = Atomics as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = STEPS.map((name) => [name, atomics[name]] as const);
  for (const [name, original] of originals) {
    atomics[name] = (...args) => {
      if (roll(8) === 0) dawdle(roll(40));
      return original?.(...args);
    };
  }
  return () => {
    Object.assign(Atomics, Object.fromEntries(originals));
  };
}
