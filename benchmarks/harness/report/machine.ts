/** What a figure is worth nothing without. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** CPU, cores, memory, Node and operating system, in one line. */
export function machineLine(): string {
  const model = cpus()[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown CPU';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GB, Node ${process.version}, ${type()} ${release()} ${process.arch}`;
}

/** What else the machine was doing: figures taken beside others' work say little. */
export function loadLine(): string {
  const [minute = 0] = loadavg();
  return `load average of the minute before: ${minute.toFixed(1)}`;
}

/** CPU time since this machine has started, in ticks of all cores; null where that cannot be known. */
export interface CpuTimes {
  readonly total: number;
  /** That this machine wanted, and that its host gave to others. */
  readonly stolen: number;
}

/** @param stat what Linux says in /proc/stat: its first line is user, nice, system, idle, iowait, irq, softirq, steal. */
export function cpuTimes(stat: string | null = procStat()): CpuTimes | null {
  const ticks = /^cpu +([\d ]+)/
    .exec(stat ?? '')?.[1]
    ?.split(' ')
    .slice(0, 8)
    .map(Number);
  if (ticks?.length !== 8) return null;
  return { total: ticks.reduce((sum, each) => sum + each, 0), stolen: ticks[7] as number };
}

function procStat(): string | null {
  try {
    return readFileSync('/proc/stat', 'latin1');
  } catch {
    return null;
  }
}

/** What other virtual machines on the same hardware took between two readings: figures taken meanwhile say less. */
export function stolenLine(before: CpuTimes | null, after: CpuTimes | null): string {
  if (before === null || after === null || after.total <= before.total) return '';
  const share = (after.stolen - before.stolen) / (after.total - before.total);
  return `other machines on the same hardware took ${(share * 100).toFixed(0)} % of its CPU time meanwhile`;
}
