/**
 * Whose a row is. A row outlives its call: a call that was taken back, or that
 * has settled, may by now have another row, in this lane or in another.
 */
import type { RecordHead } from '../lanes/channel/lane-channel.js';
import { generationOf } from '../shared/memory/states.js';
import type { Job, JobLane } from './job.js';

/** The job that a row belongs to; null when the job has left it. */
export function ownerOf(lane: JobLane, sequence: number): Job | null {
  const job = lane.ring.ticket(sequence);
  return job.lane === lane && job.sequence === sequence ? job : null;
}

/** The call that native code was in when it wrote a record; null when that call is over, or there was none. */
export function callerOf(lane: JobLane, { noCall, sequence, generation }: RecordHead): Job | null {
  if (noCall || !lane.ring.holds(sequence)) return null;
  const job = ownerOf(lane, sequence);
  return job === null || job.isSettled || generationOf(job.id) !== generation ? null : job;
}
