/**
 * Estimates from measured run times when the host should look at its lanes
 * again. Lanes with a call of unknown length (`exclusive`) ring the bell.
 */
import { Math } from '../../builtins.js';
import type { JobLane } from '../job.js';

/** µs for which results of short calls accumulate before the host is woken: about twice the cost of waking it. */
const GATHER_US = 50;

/** µs within which native code that has just called back is expected to call back again. */
const NEXT_CALLBACK_US = 15;

/** µs until a lane is expected to have finished its calls: it can take more then, or a caller waits for the last result. */
export function soonUs(lanes: readonly JobLane[]): number {
  let soon = Infinity;
  for (const lane of lanes) {
    const { ring } = lane;
    if (ring.occupied === 0) continue;
    if (lane.hasCallbacks && lane.channel.expectsMore) soon = Math.min(soon, NEXT_CALLBACK_US);
    if (lane.exclusive) continue;
    soon = Math.min(soon, ring.remaining * ring.ticket(ring.head).fn.averageUs);
  }
  return soon;
}

/** Lets results of short calls accumulate in each lane, for up to `GATHER_US` of work and half of the lane's calls. */
export function gather(lanes: readonly JobLane[]): void {
  for (const lane of lanes) {
    const { ring } = lane;
    const { occupied } = ring;
    if (occupied === 0) continue;
    if (lane.exclusive || occupied === 1) ring.gather(1);
    else {
      const worth = Math.floor(GATHER_US / ring.ticket(ring.head).fn.averageUs);
      ring.gather(Math.max(1, Math.min(worth, occupied >> 1)));
    }
  }
}

/** Whether a lane has a result, a record or a start for which it would ring the bell now. */
export function rung(lanes: readonly JobLane[]): boolean {
  return lanes.some(
    (lane) =>
      lane.ring.rung ||
      (lane.hasCallbacks && lane.channel.rung) ||
      (lane.status === 'starting' && lane.announcedReady),
  );
}
