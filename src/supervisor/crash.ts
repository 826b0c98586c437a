/** The calls of a lane that has died. */
import { performance } from 'node:perf_hooks';
import { LaneCrashedError } from '../errors.js';
import type { JobLane } from './job.js';

/** Ends the calls that the lane had started; those that it had not have been taken back. */
export function failCrashed(lane: JobLane, cause: unknown): void {
  const { ring } = lane;
  const reason = cause instanceof Error ? cause.message : String(cause);
  for (; ring.occupied !== 0; ring.free()) {
    const job = ring.ticket(ring.head);
    if (job.lane !== lane || job.isSettled) continue;
    job.startedAt = ring.startedAt(job.sequence);
    job.endedAt = performance.now();
    job.settle(
      'failed',
      undefined,
      new LaneCrashedError(
        `Lane ${lane.name} ended while it ran ${job.fn.name}: ${reason}. The other calls go on; the lane is replaced.`,
        { call: job.id, symbol: job.fn.name, lane: lane.name, cause },
      ),
    );
  }
}
