/**
 * Checks whether the content of a row is plausible: native code in a process may
 * have overwritten it, and a host that trusted it would report a wrong result or
 * wait for ever. Threads are not checked: there, such native code corrupts the
 * host itself.
 */
import { performance } from '../../builtins.js';
import { Outcome } from '../../shared/memory/layout.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { RUNNING_STATES, State, generationOf } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';

/** ms by which the clocks of two processes may seem to differ. */
const CLOCK_MS = 1_000;
/** Bits of an outcome, below errno, that have a meaning. */
const OUTCOME_BITS = Outcome.NATIVE_FAILURE | Outcome.THREW | Outcome.TEXT_BY_PORT | Outcome.ANSWER_LOST;
const ERRNO_MASK = ~0xff;

const STOPPED: readonly State[] = [State.cancelled, State.timedOut];
const ENDED: readonly State[] = [State.succeeded, State.failed, ...STOPPED];
const UNDER_WAY: readonly State[] = [State.queued, ...RUNNING_STATES, ...ENDED];

/** Checks the row of a call that the lane reports as ended. @throws Disorder */
export function requireEnding(lane: JobLane, job: Job): void {
  if (lane.kind === 'thread' || job.isSettled) return;
  const { ring } = lane;
  const { sequence } = job;
  const state = ring.state(sequence);
  if (!isIts(lane, job) || !ENDED.includes(state) || STOPPED.includes(state) !== (job.stopping !== null)) {
    throw new Disorder('the state of a call');
  }
  const startedAt = ring.startedAt(sequence);
  const endedAt = ring.endedAt(sequence);
  const now = performance.now();
  if (!(isTime(startedAt, job, now) && isTime(endedAt, job, now) && endedAt >= startedAt)) {
    throw new Disorder('the time of a call');
  }
  if ((ring.outcome(sequence) & ~(OUTCOME_BITS | ERRNO_MASK)) !== 0)
    throw new Disorder('the outcome of a call');
}

/** Checks the row of a call that the lane runs, or will run. @throws Disorder */
export function requireRowState(lane: JobLane, job: Job, now: number): void {
  if (lane.kind === 'thread') return;
  const state = lane.ring.state(job.sequence);
  if (!isIts(lane, job) || !UNDER_WAY.includes(state)) throw new Disorder('the state of a call');
  if (state !== State.queued && !isTime(lane.ring.startedAt(job.sequence), job, now)) {
    throw new Disorder('the time of a call');
  }
}

function isIts({ ring }: JobLane, { sequence, id }: Job): boolean {
  return ring.generation(sequence) === generationOf(id);
}

function isTime(time: number, { createdAt }: Job, now: number): boolean {
  return time >= createdAt - CLOCK_MS && time <= now + CLOCK_MS;
}
