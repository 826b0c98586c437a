/** Everybody who can add off the main thread. */
import { testlib } from '../../harness/paths.js';
import type { Contestant, Ffi } from '../contestant.js';
import { addInNewThread, linkFfiRs } from '../libraries/ffi-rs-calls.js';
import { koffiAsync } from '../libraries/koffi-async.js';
import { offthread } from '../libraries/offthread.js';
import { piscina } from '../libraries/piscina.js';
import { poolifier } from '../libraries/poolifier.js';
import { tinypool } from '../libraries/tinypool.js';
import { workerpool } from '../libraries/workerpool.js';

const PAIRS = ['koffi', 'ffi-rs'] as const satisfies Ffi[];

function runInNewThread(): Contestant {
  return {
    name: 'ffi-rs runInNewThread',
    ffi: 'ffi-rs',
    ours: false,
    call: addInNewThread,
    close: async () => {},
  };
}

/** Every pool with one call at a time in a worker: the shortest way for a lone call. */
export async function fieldForLatency(workers: number): Promise<Contestant[]> {
  return start(
    (ffi) => [
      piscina(ffi, testlib, workers, { concurrentTasksPerWorker: 1, atomics: 'sync' }),
      ...(ffi === 'koffi'
        ? [piscina(ffi, testlib, workers, { concurrentTasksPerWorker: 1, atomics: 'disabled' })]
        : []),
      tinypool(ffi, testlib, workers, 1),
      workerpool(ffi, testlib, workers),
      poolifier(ffi, testlib, workers),
    ],
    workers,
  );
}

/** The same, and the pools that can hand a worker many tasks at once do so. */
export async function fieldForThroughput(workers: number): Promise<Contestant[]> {
  return start(
    (ffi) => [
      ...(ffi === 'koffi'
        ? [piscina(ffi, testlib, workers, { concurrentTasksPerWorker: 1, atomics: 'sync' })]
        : []),
      piscina(ffi, testlib, workers, { concurrentTasksPerWorker: 32, atomics: 'sync' }),
      piscina(ffi, testlib, workers, { concurrentTasksPerWorker: 32, atomics: 'disabled' }),
      tinypool(ffi, testlib, workers, 32),
      workerpool(ffi, testlib, workers),
      poolifier(ffi, testlib, workers),
    ],
    workers,
  );
}

async function start(pools: (ffi: Ffi) => Contestant[], workers: number): Promise<Contestant[]> {
  // First of all: see there.
  const async = koffiAsync(testlib);
  linkFfiRs(testlib);
  // offthread opens its libraries while no ffi-rs call is in flight.
  const ours: Contestant[] = [];
  for (const ffi of PAIRS) ours.push(await offthread(ffi, testlib, workers));
  return [...pools('koffi'), async, ...pools('ffi-rs'), runInNewThread(), ...ours];
}
