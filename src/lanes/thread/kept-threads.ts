/** Threads that stay for as long as the process: native code calls back there from a thread of its own. */
import type { Piscina } from 'piscina';
import { detach } from './detach.js';

const kept = new Set<Piscina>();

/** Whether a thread has been left behind that must not be ended while this process lives. */
export const keepsThreads = (): boolean => kept.size > 0;

/**
 * Leaves a thread behind for good, although nothing runs in it: a thread of
 * native code's own calls back there. Without that thread's environment such a
 * call aborts the process, and nothing tells when the last one has come.
 */
export function keepForever(piscina: Piscina, created: object | null): void {
  detach(piscina, created);
  kept.add(piscina);
}
