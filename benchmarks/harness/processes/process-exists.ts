/** Whether a process is still there. */
import { readFileSync } from 'node:fs';

/** Ended, and not yet noticed by its parent. */
const ENDED = /^[ZX]/;

export function runs(processId: number): boolean {
  try {
    process.kill(processId, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    // The name is in parentheses, and may hold any character.
    return !ENDED.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
