/**
 * Whether the threads of this process could have gone on. A thread that waits for a core is runnable, and one that waits
 * for a lock is not: so a machine that is busy is told from a deadlock.
 */
import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks a second, in /proc: the same on every Linux that Node.js runs on. */
const TICKS = 100;

export interface ThreadsState {
  /** A thread other than the main one runs, or waits for a core or a disk. */
  readonly active: boolean;
  /** s of a core that the process has used. */
  readonly cpu: number;
}

/** @returns null where the system does not say. */
export function threadsState(): ThreadsState | null {
  try {
    let active = false;
    let cpu = 0;
    for (const task of readdirSync('/proc/self/task')) {
      // The name of a thread, in brackets, may have spaces and brackets itself.
      const [state = '', ...fields] = (
        readFileSync(`/proc/self/task/${task}/stat`, 'latin1').split(') ').at(-1) ?? ''
      ).split(' ');
      cpu += (Number(fields[10]) + Number(fields[11])) / TICKS;
      if (Number(task) !== process.pid && state !== 'S' && state !== 'I') active = true;
    }
    return { active, cpu };
  } catch {
    return null;
  }
}
