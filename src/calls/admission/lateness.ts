/**
 * Refuses calls that cannot meet their deadlines (`refuseLate`): at admission if
 * this is known then, otherwise when a lane is free for the call and less time is
 * left than the call takes.
 *
 * Decisions are estimates from measured run times, which must not refuse calls
 * for ever:
 * - An idle lane takes a call with no others in front, whatever the estimate.
 * - A function that has not been measured counts as 0.
 * - An estimate that has not been confirmed for long shrinks
 *   (`DeclaredFunction.expectedMs`), until a call is accepted and measured.
 */
import type { CallTimeoutError, QueueFullError } from '../../errors.js';
import { expectedWaitMs } from '../../supervisor/dispatch/expected-wait.js';
import type { JobLane } from '../../supervisor/job.js';
import { QueuedWork } from './queued-work.js';
import type { Call } from '../call.js';
import { noTimeLeft, unreachable } from './refusals.js';

export class Lateness {
  /** Calls in all queues. */
  readonly queued: QueuedWork = new QueuedWork();
  /** Number of refused calls. */
  refused = 0;

  /** The error for a new call that would end after its deadline; null when it may end in time. */
  refusal(call: Call, deadlineAt: number, lanes: readonly JobLane[]): QueueFullError | null {
    const now = call.createdAt;
    const waitMs = expectedWaitMs(lanes, this.queued.ahead(call.priority, now), now);
    // Negated, so that NaN, for which no estimate can be made, refuses nothing.
    if (!(waitMs > 0)) return null;
    if (now + waitMs + call.fn.amplyMs(now) <= deadlineAt) return null;
    const runMs = call.fn.expectedMs(now);
    this.refused += 1;
    return unreachable(call, { leftMs: deadlineAt - now, waitMs, runMs });
  }

  /** The error for a call whose turn has come with too little time left; null when there is enough. */
  tooLate(call: Call, now: number): CallTimeoutError | null {
    if (call.deadline === null) return null;
    const leftMs = call.deadline.at - now;
    const runMs = call.fn.expectedMs(now);
    return runMs > leftMs ? noTimeLeft(call, leftMs, runMs) : null;
  }
}
