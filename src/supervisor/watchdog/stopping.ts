/**
 * Stopping a call that has been dispatched. The first cause wins, by the swap
 * that records it.
 *
 *   queued in a ring ──► settled at once
 *   finished, not yet taken ──► settled at once (cancelled only)
 *   running, can be asked (flag, probe, callback, interrupt) ──► asked ──► comes back ──► settled
 *                                                  └─ grace is over ──► given up
 *   running, cannot be asked ──► given up
 *
 * Given up: the call settles now, and its lane is lost until the native call
 * returns. Memory the call was lent stays untouched until then: it belongs to
 * the lost lane, and to the job that its ring still refers to.
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

/** What stopping works with. */
export interface StopParts {
  /** ms that a call has to come back after it was asked to stop. */
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
  // After the swap: the lane may return at any moment now, and finds the cause recorded.
  ring.trip(job.sequence, cancel ? StopCause.CANCELLED : StopCause.TIMED_OUT);
  // It may wait in a callback, for the host or for a reader.
  if (lane.hasCallbacks) lane.channel.nudge();
  if (!stoppable) {
    giveUp(parts, job);
    return true;
  }
  if (interrupts) parts.interrupter.interrupt(job, lane);
  parts.watch.by(Math.min(job.stopping.giveUpAt, job.stopping.interruptAt));
  return true;
}

/** Whether native code may come back by itself: its declaration names a way, or an earlier call has left a callback with the library. */
function canBeAsked({ fn, items }: Job, lane: JobLane): boolean {
  // A batch stops between two of its items.
  return fn.stoppable || items !== null || lane.keepsCallbacks;
}

/** Why there was no way to stop a call. */
const NO_WAY =
  'Its declaration has no way to stop the function: add a cancelFlag or cancelProbe parameter, or onCancel, if the library supports one.';

/**
 * Cancels a call whose native function has returned, but whose caller has not
 * been told: for the caller it is pending, so cancelling it works. A result
 * that is there wins over a time limit, though.
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

/** Interrupts again; the first interrupt may have come before the native work began. */
export function interruptAgain(parts: StopParts, job: Job, now: number): void {
  if (job.lane === null || job.stopping === null) return;
  parts.interrupter.interrupt(job, job.lane);
  job.stopping.interruptAt = now + REPEAT_INTERRUPT_MS;
}

/**
 * Stops waiting for a running call that was asked to stop.
 * @param waited whether it has had its grace.
 */
export function giveUp(parts: StopParts, job: Job, waited = true): void {
  const { lane, stopping } = job;
  if (lane === null || stopping === null || job.isSettled) return;
  const { ring } = lane;
  // It may be on its way back this very moment: then it has won, and settles as usual.
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
