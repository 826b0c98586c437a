/**
 * When the host should look at its lanes again: estimates from measured run
 * times. Lanes that run something of unknown length (exclusive ones) ring by
 * themselves.
 */
import { Math } from '../../builtins.js';
import type { JobLane } from '../job.js';

/** µs that results of short calls gather before the host is woken: about twice what waking it costs. */
const GATHER_US = 50;

/** µs until native code that has just said something is expected to go on. */
const NEXT_CALLBACK_US = 15;

/** µs until a lane is expected to run dry: it then wants more to do, or somebody waits for its result. */
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

/** Lets short results gather in the lanes, for as long as waking the host is worth, and at most half of what a lane has. */
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

/** Whether a lane has something that would ring the bell by now. */
export function rung(lanes: readonly JobLane[]): boolean {
  return lanes.some(
    (lane) =>
      lane.ring.rung ||
      (lane.hasCallbacks && lane.channel.rung) ||
      (lane.status === 'starting' && lane.announcedReady),
  );
}
