/** The time of a running call: its timeout, and the grace of one that was asked to stop. */
import { Math } from '../../builtins.js';
import { CallTimeoutError } from '../../errors.js';
import type { Job } from '../job.js';
import { type StopParts, giveUp, interruptAgain, stopJob } from './stopping.js';

/** Does what is due for a running call at `now`. @returns when to look again, or Infinity. */
export function checkTime(stopping: StopParts, job: Job, startedAt: number, now: number): number {
  if (job.stopping === null) {
    const until = job.timeoutAt(startedAt, now);
    if (until > now) return until;
    stopJob(stopping, job, 'timed-out', timeoutError(job));
  } else if (job.stopping.giveUpAt <= now) {
    giveUp(stopping, job);
    return Infinity;
  } else if (job.stopping.interruptAt <= now) interruptAgain(stopping, job, now);
  return nextStep(job);
}

/** When a job that was asked to stop has to be checked. */
function nextStep({ stopping }: Job): number {
  return stopping === null ? Infinity : Math.min(stopping.giveUpAt, stopping.interruptAt);
}

function timeoutError(job: Job): CallTimeoutError {
  return new CallTimeoutError(
    `${job.fn.name} was still running after its timeout of ${job.timeout} ms. ` +
      'If the work takes that long, raise `timeout` (0 is unlimited); if it hangs, check what it waits for.',
    { call: job.id, symbol: job.fn.name },
  );
}
