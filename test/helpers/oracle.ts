/**
 * The test library's own counters, read through koffi, with nothing of
 * offthread between: what really reached native code in this process.
 */
import koffi from 'koffi';
import { testlib } from './testlib.js';

const library = koffi.load(testlib);
const read = (prototype: string): (() => number) => library.func(prototype) as () => number;
const jobNew = library.func('int ot_job_new(_Out_ uintptr_t *)') as (cell: (bigint | number)[]) => number;
const jobFree = library.func('int ot_job_free(uintptr_t)') as (job: bigint) => number;
const jobRunning = library.func('int ot_job_running(uintptr_t)') as (job: bigint) => number;
const alloc = library.func('uintptr_t ot_alloc(uint32_t)') as (bytes: number) => bigint | number;
const release = library.func('void ot_release(uintptr_t)') as (memory: bigint) => void;
const checksum = library.func('uint32_t ot_checksum(const uint8_t *, uint32_t)') as (
  bytes: Uint8Array,
  length: number,
) => number;

export const liveStrings: () => number = read('int ot_live_strings(void)');
export const mostThreadsInside: () => number = read('int ot_max_concurrency(void)');
export const resetThreadsInside: () => number = read('void ot_reset_concurrency(void)');
export const badInterrupts: () => number = read('int ot_job_bad_interrupts(void)');
export const goodInterrupts: () => number = read('int ot_job_interrupts(void)');
export const resetJobCounters: () => number = read('void ot_job_reset_counters(void)');
export const ownThread: () => number = read('uint64_t ot_thread_id(void)');

/** A new job's handle. */
export function newJob(): bigint {
  const cell: (bigint | number)[] = [0];
  if (jobNew(cell) !== 0) throw new Error('ot_job_new failed');
  return BigInt(cell[0] ?? 0);
}

/** 0; -1 when the job is running, or was freed before. */
export const freeJob = (job: bigint): number => jobFree(job);
/** How many runs of the job are in progress. */
export const runsOf = (job: bigint): number => jobRunning(job);
/** Zeroed native memory. */
export const nativeMemory = (bytes: number): bigint => BigInt(alloc(bytes));
export const releaseMemory = (memory: bigint): void => release(memory);
/** FNV-1a, as native code computes it. */
export const fnv = (bytes: Uint8Array): number => checksum(bytes, bytes.byteLength);
