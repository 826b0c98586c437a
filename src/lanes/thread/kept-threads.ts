/** Threads that stay until the process ends, because threads of native code call back there. */
import type { Piscina } from 'piscina';
import { detach } from './detach.js';

const kept = new Set<Piscina>();

/** Whether a thread has been kept that must not end while this process lives. */
export const keepsThreads = (): boolean => kept.size > 0;

/**
 * Keeps a thread until the process ends, although nothing runs in it, because a thread of native code calls back there.
 * Without the environment of the kept thread, such a call aborts the process, and there is no way to know which call is
 * the last.
 */
export function keepForever(piscina: Piscina): void {
  detach(piscina);
  kept.add(piscina);
}
