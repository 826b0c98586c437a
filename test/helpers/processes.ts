/** Processes and descriptors as the system sees them: for showing that nothing is left. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const hasProc = process.platform === 'linux';

interface Entry {
  readonly pid: number;
  readonly parent: number;
  /** As ps has it: Z has ended, and nobody has asked how. */
  readonly state: string;
}

/** What /proc says of a process; undefined when there is none. */
function procEntry(pid: number): Entry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it is in parentheses, and may hold anything.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state };
  } catch {
    return undefined;
  }
}

function allEntries(): Entry[] {
  if (hasProc) {
    return readdirSync('/proc').flatMap((name) => {
      const entry = /^\d+$/.test(name) ? procEntry(Number(name)) : undefined;
      return entry === undefined ? [] : [entry];
    });
  }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [pid, parent, state = '', command = ''] = line.trim().split(/\s+/);
    return pid === undefined || command.endsWith('ps')
      ? []
      : [{ pid: Number(pid), parent: Number(parent), state }];
  });
}

/** The children of a process, those included that have ended and were not waited for. */
export function childrenOf(pid: number): number[] {
  return allEntries()
    .filter(({ parent }) => parent === pid)
    .map((entry) => entry.pid);
}

/** Children, their children, and so on. */
export function descendantsOf(pid: number): number[] {
  const entries = allEntries();
  const found: number[] = [];
  let parents = [pid];
  while (parents.length > 0) {
    const next = entries.filter(({ parent }) => parents.includes(parent)).map((entry) => entry.pid);
    found.push(...next);
    parents = next;
  }
  return found;
}

/** Whether a process runs. One that has ended does not, whether or not somebody waited for it. */
export function isAlive(pid: number): boolean {
  if (hasProc) {
    const entry = procEntry(pid);
    return entry !== undefined && !'ZX'.includes(entry.state);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends processes that a failed test may have left. Those that are gone are no matter. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** What this process's descriptors are open on, sorted; empty where the system does not tell. */
export function openDescriptors(): string[] {
  if (!hasProc) return [];
  return readdirSync('/proc/self/fd')
    .flatMap((name) => {
      try {
        // Numbers of pipes and sockets differ each time; what they are does not.
        return [readlinkSync(`/proc/self/fd/${name}`).replace(/\[\d+\]|\d{3,}/g, '#')];
      } catch {
        return [];
      }
    })
    .sort();
}

/** Files in shared memory. Other programs may have theirs there too. */
export function sharedMemoryFiles(): string[] {
  return hasProc ? readdirSync('/dev/shm').sort() : [];
}
