/** What this machine allows: processors, memory, and the limits of the process. */
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly cLibrary: string;
  readonly cores: { readonly usable: number; readonly present: number; readonly model: string };
  /** bytes */
  readonly memory: { readonly total: number; readonly limit: number | null };
  /** bytes of /dev/shm; null where there is none. */
  readonly sharedMemory: { readonly total: number; readonly free: number } | null;
  /** null is unlimited, or unknown. */
  readonly limits: { readonly descriptors: number | null; readonly threads: number | null };
}

export function machine(): Machine {
  const [first] = cpus();
  const limits = procLimits();
  const threads = [limits.get('Max processes'), fromFile('/sys/fs/cgroup/pids.max')].filter(
    (limit): limit is number => typeof limit === 'number',
  );
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cLibrary: cLibrary(),
    cores: { usable: availableParallelism(), present: cpus().length, model: first?.model.trim() ?? '' },
    memory: { total: totalmem(), limit: memoryLimit() },
    sharedMemory: shm(),
    limits: {
      descriptors: limits.get('Max open files') ?? null,
      threads: threads.length === 0 ? null : Math.min(...threads),
    },
  };
}

/** The soft limits of this process, by name; null is unlimited. */
function procLimits(): ReadonlyMap<string, number | null> {
  const limits = new Map<string, number | null>();
  try {
    for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n').slice(1)) {
      const [, name, soft] = /^(.+?)\s{2,}(\S+)/.exec(line) ?? [];
      if (name !== undefined) limits.set(name, soft === 'unlimited' ? null : Number(soft));
    }
  } catch {
    // no /proc
  }
  return limits;
}

function fromFile(path: string): number | null {
  try {
    const value = Number(readFileSync(path, 'utf8'));
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

/** Of a container; null where there is none. */
function memoryLimit(): number | null {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : null;
}

function shm(): Machine['sharedMemory'] {
  try {
    const { bsize, blocks, bavail } = statfsSync('/dev/shm');
    return { total: bsize * blocks, free: bsize * bavail };
  } catch {
    return null;
  }
}

function cLibrary(): string {
  if (process.platform !== 'linux') return 'of the system';
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`;
}
