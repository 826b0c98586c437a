/**
 * Memory that native code of abandoned threads may still use. A lane's JavaScript does not know it, so nothing but this
 * list keeps it from being freed once the pool has ended and its objects are unreachable.
 */
import { whenSettled } from '../../promises.js';
import type { LaneRing } from '../rows/lane-ring.js';
import type { Ticket } from '../rows/ticket.js';

const used = new Set<object>();

/** Keeps the memory of a lane's calls until its thread has ended. @param gone resolves then; it may never do so. */
export function keepUntil<T extends Ticket>(gone: Promise<void>, ring: LaneRing<T>): void {
  used.add(ring);
  void whenSettled(gone, () => {
    used.delete(ring);
    ring.releaseAll();
  });
}
