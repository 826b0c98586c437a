/** The system's number of this thread. */
import { readlinkSync } from 'node:fs';

/** @returns 0 where the system does not tell. */
export function threadNumber(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) || 0;
  } catch {
    return 0;
  }
}
