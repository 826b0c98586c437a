/** When a call started and ended: copied out of its row by these functions only. */
import { performance } from '../../builtins.js';
import type { Job, JobLane } from '../job.js';

/** The call has started. @returns when, in ms on the host's clock. */
export function takeStart({ ring }: JobLane, job: Job): number {
  const startedAt = ring.startedAt(job.sequence);
  job.startedAt = startedAt;
  return startedAt;
}

/** The call is over, by the lane's word. @returns when, in ms on the host's clock. */
export function takeEnd({ ring }: JobLane, job: Job): number {
  const endedAt = ring.endedAt(job.sequence);
  job.endedAt = endedAt;
  return endedAt;
}

/** The call is given up while it runs, or its lane has died in it: it ends now. */
export function endNow(lane: JobLane, job: Job): void {
  const now = performance.now();
  const startedAt = takeStart(lane, job);
  // A row that a dead lane left half-written, or that native code has overwritten, may hold no time.
  if (!(startedAt > 0 && startedAt <= now)) job.startedAt = now;
  job.endedAt = now;
}
