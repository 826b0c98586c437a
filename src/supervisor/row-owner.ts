/**
 * Maps rows to their jobs. A row outlives its call: a call that was withdrawn
 * may already have another row, in this lane or in another one.
 */
import type { RecordHead } from '../lanes/channel/lane-channel.js';
import { generationOf } from '../shared/memory/states.js';
import type { Job, JobLane } from './job.js';

/** The job that owns a row; null when the job has left the row. */
export function ownerOf(lane: JobLane, sequence: number): Job | null {
  const job = lane.ring.ticket(sequence);
  return job.lane === lane && job.sequence === sequence ? job : null;
}

/** The call during which native code wrote a record; null when the call is over, or native code was in no call. */
export function callerOf(lane: JobLane, { noCall, sequence, generation }: RecordHead): Job | null {
  if (noCall || !lane.ring.holds(sequence)) return null;
  const job = ownerOf(lane, sequence);
  return job === null || job.isSettled || generationOf(job.id) !== generation ? null : job;
}
