/** Who is compared at short and long calls on one pool. */
import { load } from 'koffi';
import { createPool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import type { Ffi } from '../contestant.js';
import {
  type JobPool,
  POOL_NAMES,
  blockingJobPool,
  piscinaJobs,
  tinypoolJobs,
} from '../libraries/job-pools.js';
import { lengthenKoffiQueue, promised } from '../libraries/koffi-async.js';

export interface Mixer {
  readonly name: string;
  readonly ours: boolean;
  /** Adds two integers. */
  readonly short: (a: number, b: number) => Promise<unknown>;
  /** Blocks in native code for that long. */
  readonly long: (ms: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function offthread(ffi: Ffi, lanes: number): Promise<Mixer> {
  const pool = createPool({ lanes });
  const { ot_add, ot_sleep_ms } = await pool.open(
    testlib,
    {
      ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
      ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
    },
    { engine: ffi },
  );
  const name = `offthread (${ffi})`;
  return { name, ours: true, short: ot_add, long: ot_sleep_ms, close: () => pool.close() };
}

function ofPool({ name, run, close }: JobPool): Mixer {
  return {
    name: `${name} (koffi)`,
    ours: false,
    short: (a, b) => run('add', [a, b]),
    long: (ms) => run('sleep', ms),
    close,
  };
}

function koffiAsync(): Mixer {
  const library = load(testlib);
  return {
    name: 'koffi.async',
    ours: false,
    short: promised(library.func('ot_add', 'int', ['int', 'int'])),
    long: promised(library.func('ot_sleep_ms', 'int', ['int'])),
    close: async () => {},
  };
}

/** Everybody with so many lanes or workers; koffi.async has libuv's four threads. */
export async function mixers(lanes: number): Promise<Mixer[]> {
  // First of all: see there.
  lengthenKoffiQueue();
  const pools = [
    ...POOL_NAMES.map((name) => blockingJobPool(name, lanes)),
    piscinaJobs(lanes, { concurrentTasksPerWorker: 32, atomics: 'sync' }),
    tinypoolJobs(lanes, 32),
  ];
  const ours = [await offthread('koffi', lanes), await offthread('ffi-rs', lanes)];
  return [...ours, ...pools.map(ofPool), koffiAsync()];
}
