/** CPU time of the host thread and of lanes, and how busy the machine is. All in ms since a point in the past. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Pool } from 'offthread';

/** Times that were read at one moment. */
export interface CpuTimes {
  readonly at: number;
  /** Of the host thread. */
  readonly host: number;
  /** Of the lanes; null where the system does not tell. */
  readonly lanes: number | null;
  /** Of everything on the machine. */
  readonly machine: number;
}

/** Cores that were busy between two moments. */
export interface BusyCores {
  readonly host: number;
  readonly lanes: number | null;
  readonly others: number;
}

const NS_PER_MS = 1e6;
/** The unit of /proc/PID/stat: 100 a second on every Linux that runs Node.js. */
const MS_PER_TICK = 10;

/** @param pids - processes of the lanes; empty for threads, which count in this process. */
export function cpuTimes(pids: readonly number[]): CpuTimes {
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1_000;
  const host = hostTime();
  const lanes = pids.length === 0 ? own - host : sum(pids.map(processTime));
  const machine = sum(cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq));
  return { at: performance.now(), host, lanes, machine };
}

export function busyCores(before: CpuTimes, after: CpuTimes): BusyCores {
  const ms = after.at - before.at;
  const host = (after.host - before.host) / ms;
  const lanes =
    before.lanes === null || after.lanes === null ? null : Math.max(0, after.lanes - before.lanes) / ms;
  const others = Math.max(0, (after.machine - before.machine) / ms - host - (lanes ?? 0));
  return { host, lanes, others };
}

/** The processes of a pool's lanes; empty for threads. */
export async function pidsOf(pool: Pool): Promise<readonly number[]> {
  const reports = await pool.laneReports();
  return reports.flatMap(({ pid }) => (pid === undefined || pid === process.pid ? [] : [pid]));
}

/** Of the thread that this runs on, which is the main thread; elsewhere than on Linux, how long its event loop was busy. */
function hostTime(): number {
  const text = read(`/proc/self/task/${process.pid}/schedstat`);
  return text === null ? performance.eventLoopUtilization().active : Number(text.split(' ')[0]) / NS_PER_MS;
}

function processTime(pid: number): number | null {
  // Fields 14 and 15, behind a name that may have spaces and brackets.
  const fields = read(`/proc/${pid}/stat`)?.replace(/^.*\)/s, '').trim().split(' ');
  return fields === undefined ? null : (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function sum(values: readonly number[]): number;
function sum(values: readonly (number | null)[]): number | null;
function sum(values: readonly (number | null)[]): number | null {
  return values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
}
