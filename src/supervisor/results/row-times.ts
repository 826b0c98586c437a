/** Copies the start and end times of a call out of its row. No other code does, but `settlePlain` for plain calls. */
import { performance } from '../../builtins.js';
import type { Job, JobLane } from '../job.js';

/** Takes the start time of a call. @returns the time, in ms on the host's clock. */
export function takeStart({ ring }: JobLane, job: Job): number {
  const startedAt = ring.startedAt(job.sequence);
  job.startedAt = startedAt;
  return startedAt;
}

/** Takes the end time of a call that the lane has ended. @returns the time, in ms on the host's clock. */
export function takeEnd({ ring }: JobLane, job: Job): number {
  const endedAt = ring.endedAt(job.sequence);
  job.endedAt = endedAt;
  return endedAt;
}

/** Takes the start and sets the end to now, for a call that is given up or whose lane has died. */
export function endNow(lane: JobLane, job: Job): void {
  const now = performance.now();
  const startedAt = takeStart(lane, job);
  // A row that was left half-written or was overwritten may contain no valid time.
  if (!(startedAt > 0 && startedAt <= now)) job.startedAt = now;
  job.endedAt = now;
}
