/**
 * Who is compared alone in a program of its own: each is imported only where it
 * is asked for, so that a program loads what a user of that one would.
 */
import { testlib } from '../../harness/paths.js';
import type { Contestant } from '../contestant.js';

/** The native add is made by koffi, unless the name says more. */
export type LoneName =
  | 'offthread (koffi)'
  | 'offthread (ffi-rs)'
  | 'offthread processes'
  | 'piscina'
  | 'piscina, atomics disabled'
  | 'tinypool'
  | 'tinypool child_process'
  | 'workerpool'
  | 'workerpool process'
  | 'poolifier'
  | 'koffi.async';

const lone: Readonly<Record<LoneName, (lanes: number) => Promise<Contestant>>> = {
  'offthread (koffi)': async (lanes) => (await import('./offthread.js')).offthread('koffi', testlib, lanes),
  'offthread (ffi-rs)': async (lanes) => (await import('./offthread.js')).offthread('ffi-rs', testlib, lanes),
  'offthread processes': async (lanes) =>
    (await import('./offthread.js')).offthread('koffi', testlib, lanes, 'process'),
  piscina: async (threads) =>
    (await import('./piscina.js')).piscina('koffi', testlib, threads, {
      concurrentTasksPerWorker: 1,
      atomics: 'sync',
    }),
  'piscina, atomics disabled': async (threads) =>
    (await import('./piscina.js')).piscina('koffi', testlib, threads, {
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
    }),
  tinypool: async (threads) => (await import('./tinypool.js')).tinypool('koffi', testlib, threads, 1),
  'tinypool child_process': async (processes) =>
    (await import('./tinypool.js')).tinypool('koffi', testlib, processes, 1, 'child_process'),
  workerpool: async (threads) => (await import('./workerpool.js')).workerpool('koffi', testlib, threads),
  'workerpool process': async (processes) =>
    (await import('./workerpool.js')).workerpool('koffi', testlib, processes, 'process'),
  poolifier: async (threads) => (await import('./poolifier.js')).poolifier('koffi', testlib, threads),
  'koffi.async': async () => (await import('./koffi-async.js')).koffiAsync(testlib),
};

export const LONE_NAMES: readonly LoneName[] = Object.keys(lone) as LoneName[];

/** With so many lanes or workers. */
export function startLone(name: LoneName, lanes: number): Promise<Contestant> {
  return lone[name](lanes);
}

export function isOurs(name: LoneName): boolean {
  return name.startsWith('offthread');
}
