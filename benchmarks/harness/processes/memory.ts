/** What this process holds. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects garbage, now, on this thread. */
export const collect = runInNewContext('gc') as () => void;

/** Resident memory of the process in MB. */
export function residentMb(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
