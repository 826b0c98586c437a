/**
 * Stops calls that have been dispatched. The first cause wins, by the swap that
 * records it.
 *
 *   queued in a ring ──► settled at once
 *   finished, not yet taken ──► settled at once (cancelled only)
 *   running, can be asked (flag, probe, callback, interrupt) ──► asked ──► returns ──► settled
 *                                                  └─ grace is over ──► given up
 *   running, cannot be asked ──► given up
 *
 * Given up: the call settles now, and its lane is lost until the native call
 * returns. Memory lent to the call is not reused before: it belongs to the lost
 * lane, and to the job to which the lane's ring still refers.
 */
import { Math, performance } from '../../builtins.js';
import { LaneLostError, type OffthreadError } from '../../errors.js';
import { StopCause } from '../../shared/memory/layout.js';
import { RUNNING_STATES, State } from '../../shared/memory/states.js';
import { REPEAT_INTERRUPT_MS, type Interrupter } from './interrupter.js';
import type { LostLanes } from '../lifecycle/lost-lanes.js';
import type { Job, JobLane, StopEnding } from '../job.js';
import { endNow, takeEnd, takeStart } from '../results/row-times.js';
import type { Watch } from './watch.js';

/** The parts that stopping uses. */
export interface StopParts {
  /** ms that a call has to return after it was asked to stop. */
  readonly grace: number;
  readonly interrupter: Interrupter;
  readonly watch: Watch;
  readonly lost: LostLanes;
}

/**
 * Asks a dispatched call to end.
 * @returns whether this cause won; false when the call has ended, or was asked before.
 */
export function stopJob(parts: StopParts, job: Job, ending: StopEnding, error: OffthreadError): boolean {
  const lane = job.lane;
  if (lane === null || job.isSettled || job.stopping !== null) return false;
  const { ring } = lane;
  const cancel = ending === 'cancelled';
  error.lane = lane.name;
  if (ring.transition(job.sequence, job.id, State.queued, cancel ? State.cancelled : State.timedOut)) {
    job.settle(ending, undefined, error);
    return true;
  }
  const asked = ring.transition(
    job.sequence,
    job.id,
    State.running,
    cancel ? State.cancelling : State.timingOut,
  );
  if (!asked) return cancel && discard(job, lane, error);
  const now = performance.now();
  const stoppable = canBeAsked(job, lane);
  const interrupts = job.fn.compiled.spec.onCancel !== null;
  job.stopping = {
    error,
    ending,
    giveUpAt: stoppable ? now + parts.grace : now,
    interruptAt: interrupts ? now + REPEAT_INTERRUPT_MS : Infinity,
  };
  // After the swap: a call that returns from here on finds the cause recorded.
  ring.trip(job.sequence, cancel ? StopCause.CANCELLED : StopCause.TIMED_OUT);
  // The function of a module may await in its event loop, where nothing reads the flag.
  if (job.fn.module !== null) lane.rouse();
  // Native code may be waiting in a callback, for the host or for a reader.
  if (lane.hasCallbacks) lane.channel.nudge();
  if (!stoppable) {
    giveUp(parts, job);
    return true;
  }
  if (interrupts) parts.interrupter.interrupt(job, lane);
  parts.watch.by(Math.min(job.stopping.giveUpAt, job.stopping.interruptAt));
  return true;
}

/** Whether native code can be asked to return: by a way that its declaration names, or by a callback that an earlier call has left with the library. */
function canBeAsked({ fn, items }: Job, lane: JobLane): boolean {
  // A batch stops between two of its items.
  return fn.stoppable || items !== null || lane.keepsCallbacks;
}

/** Advice for a call that could not be asked to stop. */
const NO_WAY =
  'Its declaration has no way to stop the function: add a cancelFlag or cancelProbe parameter, or onCancel, if the library supports one.';

/**
 * Cancels a call that has returned but has not settled: for the caller it is
 * pending, so cancelling works. Over a time limit, however, the result wins.
 */
function discard(job: Job, lane: JobLane, error: OffthreadError): boolean {
  const { ring } = lane;
  const state = ring.state(job.sequence);
  if (state !== State.succeeded && state !== State.failed) return false;
  takeStart(lane, job);
  takeEnd(lane, job);
  job.settle('cancelled', undefined, error);
  return true;
}

/** Interrupts again: the first interrupt may have come before the native work began. */
export function interruptAgain(parts: StopParts, job: Job, now: number): void {
  if (job.lane === null || job.stopping === null) return;
  parts.interrupter.interrupt(job, job.lane);
  job.stopping.interruptAt = now + REPEAT_INTERRUPT_MS;
}

/**
 * Stops waiting for a running call that was asked to stop.
 * @param waited whether the call had its grace period.
 */
export function giveUp(parts: StopParts, job: Job, waited = true): void {
  const { lane, stopping } = job;
  if (lane === null || stopping === null || job.isSettled) return;
  const { ring } = lane;
  // A call that returns at this moment wins the swap and settles as usual.
  if (!RUNNING_STATES.some((from) => ring.transition(job.sequence, job.id, from, State.lost))) return;
  endNow(lane, job);
  const lost = new LaneLostError(
    `${job.fn.name} was still running in lane ${lane.name}, which was ${lane.kind === 'process' ? 'killed' : 'given up'}. ` +
      (canBeAsked(job, lane)
        ? `It was asked to stop${waited ? ` and did not return within its grace of ${parts.grace} ms` : ', but its pool did not wait for it'}.`
        : NO_WAY),
    { call: job.id, symbol: job.fn.name, lane: lane.name },
  );
  stopping.error.message += ` ${lost.message}`;
  stopping.error.cause ??= lost;
  parts.lost.lose(lane, job, waited && canBeAsked(job, lane));
  job.settle(stopping.ending, undefined, stopping.error);
}
