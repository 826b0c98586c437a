/**
 * Which lane gets a call.
 *
 * The idle lane used last: its core and caches are warm. A busy lane only for
 * calls of functions measured as short, and never behind one that may block.
 * Waking a sleeping lane costs more than a few short calls take, so those
 * stay with the lane that is awake until it has that much to do. When every
 * lane is busy with longer calls, each may get one ahead.
 */
import { State } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';

/** What is worth waking a sleeping lane for, in µs of work. */
const WAKE_US = 50;
/** ms that a call may be expected to run for another to be written behind it. */
const AHEAD_MS = 50;
const GRACE_MS = 5;

/**
 * @param callUs µs that a call costs the host.
 * @returns the lane, or null when the call has to wait.
 */
export function chooseLane(
  lanes: readonly JobLane[],
  { fn, items }: Pick<Job, 'fn' | 'items'>,
  callUs: number,
): JobLane | null {
  const short = isShort(fn, items);
  let idle: JobLane | null = null;
  let awake: JobLane | null = null;
  let least = Infinity;
  for (const lane of lanes) {
    if (!mayTake(lane, short)) continue;
    const { occupied } = lane.ring;
    if (occupied === 0) {
      if (idle === null || lane.lastUsed > idle.lastUsed) idle = lane;
    } else if (occupied < least) {
      awake = lane;
      least = occupied;
    }
  }
  if (idle === null || awake === null) return idle ?? awake;
  // One lane runs them faster than the host can hand them out: a second one only adds wake-ups.
  if (fn.averageUs < callUs) return awake;
  return idle.asleep && least * fn.averageUs < WAKE_US ? awake : idle;
}

/** Lanes that a call may go to when the lane that was chosen has no room for its bytes. */
export function otherLanes(
  lanes: readonly JobLane[],
  { fn, items }: Pick<Job, 'fn' | 'items'>,
  full: JobLane,
): JobLane[] {
  const short = isShort(fn, items);
  return lanes.filter((lane) => lane !== full && mayTake(lane, short));
}

/** A batch is as long as a call that is not short. */
function isShort(fn: Job['fn'], items: Job['items']): boolean {
  return fn.short && items === null;
}

/** Whether a lane is idle, or has a row for a short call and nothing that may block. */
function mayTake(lane: JobLane, short: boolean): boolean {
  if (lane.status !== 'ready' || lane.opening !== null) return false;
  const { occupied } = lane.ring;
  return occupied === 0 || (short && !lane.exclusive && occupied <= lane.ring.memory.mask);
}

/** ms after which a call has run for longer than those of its function do: nothing is to wait behind it any more. */
export function overdueMs(job: Job): number {
  return expectedMs(job) * 2 + GRACE_MS;
}

/** ms that a job is expected to run. */
function expectedMs({ fn, items }: Job): number {
  return (fn.typicalUs / 1_000) * (items?.count ?? 1);
}

/**
 * The lane to write one call ahead in, when all are busy: it starts there
 * without waiting for the host to notice that the lane is free. Only behind a
 * call that is expected to end within ms, and the one that should end first.
 * A call ahead is taken back when that does not come true, when a lane falls
 * idle, and when a call of another priority comes.
 */
export function chooseLaneAhead(lanes: readonly JobLane[], now: number): JobLane | null {
  let best: JobLane | null = null;
  let first = Infinity;
  for (const lane of lanes) {
    const { ring } = lane;
    if (lane.status !== 'ready' || !lane.exclusive || ring.occupied !== 1) continue;
    const job = ring.ticket(ring.head);
    const expected = expectedMs(job);
    // One that calls back may wait for the host, for as long as that likes.
    if (job.fn.hasCallbacks) continue;
    if (expected > AHEAD_MS || job.isSettled || job.stopping !== null) continue;
    if (ring.state(ring.head) !== State.running) continue;
    const startedAt = ring.startedAt(ring.head);
    if (now - startedAt > overdueMs(job) || startedAt + expected >= first) continue;
    best = lane;
    first = startedAt + expected;
  }
  return best;
}
