/**
 * How much memory a process lane has in use.
 *
 *   allocator   bytes in use as glibc counts them, in all of its arenas, whatever it keeps after `free`; called in the lane
 *   mapped      address space besides what glibc has from the system
 *   resident    where glibc does not say: pages in memory, which grow and shrink for other reasons as well
 */
import { readFileSync } from 'node:fs';
import { OffthreadError, type Pool } from 'offthread';

export interface MemoryInUse {
  /** Bytes that were allocated and not freed; with `resident`, bytes of pages. */
  readonly used: number;
  /** Bytes of mappings; null where they cannot be told from others. */
  readonly mapped: number | null;
}

export interface MemoryReader {
  readonly measure: 'allocator' | 'resident';
  read(): Promise<MemoryInUse>;
}

/** `struct mallinfo2`: ten of size_t. */
const FIELDS = 10;
const ARENA = 0;
const MAPPED = 4;
const USED = 7;

const mallinfo2 = { arguments: [{ inout: 'buffer' }], return: 'pointer' } as const;

/** @param pid of the process of the lane. */
export async function memoryReader(pool: Pool, pid: number): Promise<MemoryReader> {
  const info = await allocatorInfo(pool);
  if (info === null) {
    return {
      measure: 'resident',
      read: async () => ({ used: (await residentBytes(pool, pid)) ?? 0, mapped: null }),
    };
  }
  return {
    measure: 'allocator',
    read: async () => {
      const fields = await info();
      const fromSystem = Number(fields[ARENA]) + Number(fields[MAPPED]);
      const all = addressSpace(pid);
      return {
        used: Number(fields[USED]) + Number(fields[MAPPED]),
        mapped: all === null ? null : all - fromSystem,
      };
    },
  };
}

/**
 * glibc's counts. The function returns a struct, for which the caller passes memory: on x64 as the first argument, so
 * that it can be declared as one. Elsewhere the memory is passed in a register that is no argument.
 */
async function allocatorInfo(pool: Pool): Promise<(() => Promise<BigUint64Array>) | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  try {
    const libc = await pool.open('libc.so.6', { mallinfo2 });
    return async () => {
      const fields = new BigUint64Array(FIELDS);
      await libc.mallinfo2(fields);
      return fields;
    };
  } catch (error) {
    // Another C library, or glibc before 2.33.
    if (error instanceof OffthreadError) return null;
    throw error;
  }
}

/** Bytes of a page: what /proc counts in. The same on x64 and on most others. */
const PAGE = 4_096;

function statm(pid: number, field: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[field]) * PAGE;
  } catch {
    return null;
  }
}

function addressSpace(pid: number): number | null {
  return statm(pid, 0);
}

async function residentBytes(pool: Pool, pid: number): Promise<number | null> {
  return statm(pid, 1) ?? (await pool.laneReports())[0]?.residentBytes ?? null;
}
