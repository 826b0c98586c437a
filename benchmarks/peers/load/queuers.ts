/** Who is compared at calls that wait: one lane or worker, which something blocks. */
import { createPool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import { TurnLater } from '../calls/promises-alone.js';
import { type JobPool, POOL_NAMES, type PoolName, blockingJobPool } from '../libraries/job-pools.js';

export interface Queuer {
  readonly name: string;
  readonly ours: boolean;
  /** Blocks the lane in native code until the first word is not zero. */
  readonly block: (release: Int32Array) => Promise<unknown>;
  readonly add: (a: number, b: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** ms: a guard only. */
const MOST_MS = 120_000;

async function offthread(maxQueue: number): Promise<Queuer> {
  const pool = createPool({ lanes: 1, maxQueue });
  const { ot_add, ot_hang_until } = await pool.open(
    testlib,
    {
      ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
      ot_hang_until: { arguments: ['buffer', 'i32'], return: 'i32' },
    },
    { engine: 'koffi' },
  );
  const patient = ot_hang_until.with({ timeout: 0 });
  return {
    name: 'offthread (koffi)',
    ours: true,
    block: (release) => patient(release, MOST_MS),
    add: ot_add,
    close: () => pool.close(),
  };
}

function ofPool({ name, run, close }: JobPool): Queuer {
  return {
    name: `${name} (koffi)`,
    ours: false,
    block: (release) => run('hang', release),
    add: (a, b) => run('add', [a, b]),
    close,
  };
}

function promisesAlone(): Queuer {
  const turn = new TurnLater();
  return {
    name: 'promises alone',
    ours: false,
    block: (release) => turn.hold(release),
    add: turn.add,
    close: async () => {},
  };
}

export type QueuerName = 'offthread' | 'promises alone' | PoolName;

export const QUEUERS: readonly QueuerName[] = ['offthread', 'promises alone', ...POOL_NAMES];

/** @param maxQueue what is going to wait. */
export async function queuer(name: QueuerName, maxQueue: number): Promise<Queuer> {
  if (name === 'offthread') return offthread(maxQueue);
  return name === 'promises alone' ? promisesAlone() : ofPool(blockingJobPool(name, 1));
}
