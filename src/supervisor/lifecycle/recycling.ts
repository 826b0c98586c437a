/** When a lane has served long enough, or grown too large, to be replaced by a fresh one. */
import type { PoolSettings } from '../../options/pool-options.js';
import type { JobLane } from '../job.js';

export type RecycleReason = 'calls' | 'memory';

/**
 * Why a lane is due; null while it is not. One whose native code may have kept a
 * callback (a persistent one, a probe) never is: what it is for would be lost.
 * Nor is one that a thread of native code's own has called: its thread would stay.
 */
export function recycleReason(
  { recycleAfter, recycleAboveMb }: PoolSettings,
  lane: JobLane,
): RecycleReason | null {
  if (recycleAfter === Infinity && recycleAboveMb === Infinity) return null;
  if (lane.keepsCallbacks || lane.channel.threaded) return null;
  // Calls that it was given: what it has is counted, so it is never given more.
  if (lane.ring.tail >>> 0 >= recycleAfter) return 'calls';
  // One that has run nothing yet is as small as lanes get: another would be no smaller.
  if (lane.ring.tail === 0) return null;
  return lane.residentMb > recycleAboveMb ? 'memory' : null;
}
