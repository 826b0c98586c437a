/**
 * The calls that a lane had started when it died: they fail, or run again in
 * another lane if they have `attempts` left.
 */
import type { Death } from '../../lanes/death.js';
import type { Job, JobLane } from '../job.js';
import { endNow } from '../results/row-times.js';
import { ownerOf } from '../row-owner.js';
import { type CrashTelling, crashedCall } from './crash-error.js';

/**
 * Ends the calls that a dead lane had started; the others have been withdrawn before.
 * @returns the jobs that run again, oldest first.
 */
export function settleCrashed(lane: JobLane, death: Death, telling: CrashTelling): Job[] {
  const { ring } = lane;
  const again: Job[] = [];
  for (; ring.occupied !== 0; ring.free()) {
    const job = ownerOf(lane, ring.head);
    if (job === null || job.isSettled) continue;
    // The interrupt thread of a process has died with it.
    if (lane.kind === 'thread') ring.closeInterrupt(job.sequence, job.id);
    job.crashes += 1;
    if (job.items !== null) {
      job.items.collect(ring.memory, job.sequence);
      job.args = job.items.argumentsOf(job.items.done);
    } else if (job.fn.plan.hasData) job.args = ring.lentArguments(job.sequence);
    if (mayRunAgain(job)) {
      job.lane = null;
      job.startedAt = null;
      again.push(job);
      continue;
    }
    endNow(lane, job);
    const error = crashedCall(lane, job, death, telling);
    // For a call that was asked to stop, the first cause wins.
    if (job.stopping === null) job.settle('failed', undefined, error);
    else {
      job.stopping.error.cause ??= error;
      job.settle(job.stopping.ending, undefined, job.stopping.error);
    }
  }
  return again;
}

function mayRunAgain(job: Job): boolean {
  return (
    job.stopping === null &&
    job.attempts > job.crashes &&
    // A reader could not tell chunks of a second run from those of the first.
    (job.callbackState?.sink ?? null) === null
  );
}
