import type { CallSource } from '../call-source.js';
import type { JobLane } from '../job.js';

/** Returns the calls that a lane has not started to the queue. @returns whether there were any. */
export function giveBack(lane: JobLane, source: CallSource): boolean {
  const jobs = lane.ring.withdraw();
  for (const job of jobs) {
    job.callbackState?.sink?.detach();
    job.lane = null;
  }
  if (jobs.length > 0) source.returned(jobs);
  return jobs.length > 0;
}
