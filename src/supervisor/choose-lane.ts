/**
 * Which lane gets a call.
 *
 * The idle lane used last: its core and caches are warm. A busy lane only for
 * calls of functions measured as short, and never behind one that may block.
 * Waking a sleeping lane costs more than a few short calls take, so those
 * stay with the lane that is awake until it has that much to do.
 */
import type { DeclaredFunction } from '../lanes/declared-function.js';
import type { JobLane } from './job.js';

/** What is worth waking a sleeping lane for, in µs of work. */
const WAKE_US = 50;

/** @returns the lane, or null when the call has to wait. */
export function chooseLane(lanes: readonly JobLane[], fn: DeclaredFunction): JobLane | null {
  let idle: JobLane | null = null;
  let awake: JobLane | null = null;
  let least = Infinity;
  for (const lane of lanes) {
    if (lane.status !== 'ready') continue;
    const { occupied } = lane.ring;
    if (occupied === 0) {
      if (idle === null || lane.lastUsed > idle.lastUsed) idle = lane;
    } else if (fn.short && !lane.exclusive && occupied < least && occupied <= lane.ring.memory.mask) {
      awake = lane;
      least = occupied;
    }
  }
  if (idle === null || awake === null) return idle ?? awake;
  return idle.asleep && least * fn.averageUs < WAKE_US ? awake : idle;
}
