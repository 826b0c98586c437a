/** What a process and all that it has started hold, as Linux accounts for it. */
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';

export interface Memory {
  /** MB, a page that n processes share counted as one n-th in each: so what a tree shares counts once. */
  readonly pss: number;
  /** Of these, what is of no file on disk: heaps, stacks, compiled code, memory shared between host and lanes. */
  readonly own: number;
  /** MB, a page counted in every process that has it. */
  readonly rss: number;
}

const KB_PER_MB = 1_024;
const BYTES_PER_MB = 2 ** 20;
/** Of `stat`, whatever the file system says. */
const BYTES_PER_BLOCK = 512;
/** Files in memory without a name. */
const IN_MEMORY = /^\/(?:memfd:|dev\/shm\/).* \(deleted\)$/;

/** @returns nothing for what has ended meanwhile. */
function whileItLives<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function parentOf(processId: string): number {
  const stat = whileItLives(() => readFileSync(`/proc/${processId}/stat`, 'utf8')) ?? '';
  // The name is in parentheses, and may hold any character.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** A process and its descendants. */
export function tree(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const found = [root];
  for (const one of found) {
    for (const [processId, parent] of parents) if (parent === one) found.push(processId);
  }
  return found;
}

/** MB of all files in memory that these processes have open, each counted once: touched or not, they are set aside. */
function inMemoryFiles(processIds: readonly number[]): number {
  const bytes = new Map<number, number>();
  for (const processId of processIds) {
    for (const fd of readdirSync(`/proc/${processId}/fd`)) {
      const path = `/proc/${processId}/fd/${fd}`;
      if (!IN_MEMORY.test(whileItLives(() => readlinkSync(path)) ?? '')) continue;
      const file = statSync(path);
      bytes.set(file.ino, file.blocks * BYTES_PER_BLOCK);
    }
  }
  return [...bytes.values()].reduce((sum, one) => sum + one, 0) / BYTES_PER_MB;
}

/** Of all processes together. */
export function memoryOf(processIds: readonly number[]): Memory {
  const rollups = processIds.map((processId) => readFileSync(`/proc/${processId}/smaps_rollup`, 'utf8'));
  const mb = (field: string): number => {
    const line = new RegExp(`^${field}: *(\\d+) kB`, 'm');
    return rollups.reduce((sum, text) => sum + Number(line.exec(text)?.[1]), 0) / KB_PER_MB;
  };
  // What no process has touched yet is in no process's PSS.
  const untouched = Math.max(0, inMemoryFiles(processIds) - mb('Pss_Shmem'));
  return {
    pss: mb('Pss') + untouched,
    own: mb('Pss_Anon') + mb('Pss_Shmem') + untouched,
    rss: mb('Rss'),
  };
}
