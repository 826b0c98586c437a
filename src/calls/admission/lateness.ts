/**
 * Calls that cannot make their deadline (`refuseLate`): refused at the door
 * while it can be told there, and dropped from the queue when a lane is free
 * for them and what is left of their time is less than they take.
 *
 * All of it is estimates, from measured run times. These must not refuse for
 * ever:
 * - A lane that is idle, with nothing in front of the call, takes it whatever
 *   its function is said to take.
 * - A function that has not been measured counts nothing.
 * - An estimate that nothing has confirmed for long shrinks
 *   (`DeclaredFunction.expectedMs`), until a call is taken and measured.
 */
import type { CallTimeoutError, QueueFullError } from '../../errors.js';
import { expectedWaitMs } from '../../supervisor/dispatch/expected-wait.js';
import type { JobLane } from '../../supervisor/job.js';
import { Backlog } from './backlog.js';
import type { Call } from '../call.js';
import { noTimeLeft, unreachable } from './refusals.js';

export class Lateness {
  /** What waits, in whichever queue. */
  readonly backlog: Backlog = new Backlog();
  /** Calls that were refused. */
  refused = 0;

  /** The error for a new call that would end after its deadline; null where it may make it. */
  refusal(call: Call, deadlineAt: number, lanes: readonly JobLane[]): QueueFullError | null {
    const now = call.createdAt;
    const waitMs = expectedWaitMs(lanes, this.backlog.ahead(call.priority, now), now);
    // Also where no estimate can be made, and it is no number.
    if (!(waitMs > 0)) return null;
    if (now + waitMs + call.fn.amplyMs(now) <= deadlineAt) return null;
    const runMs = call.fn.expectedMs(now);
    this.refused += 1;
    return unreachable(call, { leftMs: deadlineAt - now, waitMs, runMs });
  }

  /** The error for a call that a lane is free for, and that has too little time left; null where it is to run. */
  tooLate(call: Call, now: number): CallTimeoutError | null {
    if (call.deadline === null) return null;
    const leftMs = call.deadline.at - now;
    const runMs = call.fn.expectedMs(now);
    return runMs > leftMs ? noTimeLeft(call, leftMs, runMs) : null;
  }
}
