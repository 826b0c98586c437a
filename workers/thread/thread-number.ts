/** The system's number of this thread. */
import { readlinkSync } from 'node:fs';

/** @returns the number; 0 if the system does not report it. */
export function threadNumber(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) || 0;
  } catch {
    return 0;
  }
}
