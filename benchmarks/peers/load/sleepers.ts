/** Who is compared at calls that block. */
import { load } from 'koffi';
import { testlib } from '../../harness/paths.js';
import { createPool } from 'offthread';
import { POOL_NAMES, blockingJobPool } from '../libraries/job-pools.js';
import { promised } from '../libraries/koffi-async.js';

export interface Sleeper {
  readonly name: string;
  readonly ours: boolean;
  /** Blocks in native code for that long. */
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function offthreadSleeper(lanes: number): Promise<Sleeper> {
  const pool = createPool({ lanes, maxQueue: 10_000 });
  const { ot_sleep_ms } = await pool.open(
    testlib,
    { ot_sleep_ms: { arguments: ['i32'], return: 'i32' } },
    { engine: 'koffi' },
  );
  return { name: 'offthread (koffi)', ours: true, sleep: ot_sleep_ms, close: () => pool.close() };
}

/** On libuv's pool: four threads for the whole process, whatever is asked for here, unless the environment says more. */
function koffiAsyncSleeper(): Sleeper {
  return {
    name: 'koffi.async',
    ours: false,
    sleep: promised(load(testlib).func('ot_sleep_ms', 'int', ['int'])),
    close: async () => {},
  };
}

/** Everybody with so many lanes or workers, ours first. */
export async function sleepers(lanes: number): Promise<Sleeper[]> {
  const own = await offthreadSleeper(lanes);
  const pools = POOL_NAMES.map((pool) => blockingJobPool(pool, lanes)).map(({ name, run, close }) => ({
    name: `${name} (koffi)`,
    ours: false,
    sleep: (ms: number) => run('sleep', ms),
    close,
  }));
  return [own, ...pools, koffiAsyncSleeper()];
}
