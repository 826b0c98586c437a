/** Who is compared at calls that block. */
import { load } from 'koffi';
import { Piscina } from 'piscina';
import { createPool } from '../../src/index.js';
import { workerEnvironment, workerFile } from './contestant.js';

export interface Sleeper {
  readonly name: string;
  readonly ours: boolean;
  /** Blocks in native code for that long. */
  readonly sleep: (ms: number) => Promise<number>;
  readonly close: () => Promise<void>;
}

export async function offthreadSleeper(library: string, lanes: number): Promise<Sleeper> {
  const pool = createPool({ lanes, maxQueue: 10_000 });
  const { ot_sleep_ms } = await pool.open(
    library,
    { ot_sleep_ms: { arguments: ['i32'], return: 'i32' } },
    { engine: 'koffi' },
  );
  return { name: 'offthread (koffi)', ours: true, sleep: ot_sleep_ms, close: () => pool.close() };
}

export function piscinaSleeper(library: string, threads: number): Sleeper {
  const pool = new Piscina({
    filename: workerFile('sleep').href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    recordTiming: false,
    env: { ...process.env, ...workerEnvironment('koffi', library) },
  });
  return {
    name: 'piscina (koffi)',
    ours: false,
    sleep: (ms) => pool.run(ms) as Promise<number>,
    close: () => pool.destroy(),
  };
}

/** On libuv's pool: four threads for the whole process, whatever N is. */
export function koffiAsyncSleeper(library: string): Sleeper {
  const native = load(library).func('ot_sleep_ms', 'int', ['int']);
  const start = native.async as (ms: number, done: (error: unknown, result: number) => void) => void;
  return {
    name: 'koffi.async',
    ours: false,
    sleep: (ms) =>
      new Promise((resolve, reject) => {
        start(ms, (error, result) => {
          if (error === null) resolve(result);
          else reject(new Error('koffi.async failed', { cause: error }));
        });
      }),
    close: async () => {},
  };
}
