/**
 * Chooses the lane for a call.
 *
 * First the idle lane used last: its core and caches are warm. A busy lane only
 * for functions measured as short, and never behind a call that may block.
 * Waking a sleeping lane costs more than a few short calls, so short calls go
 * to an awake lane until it has that much work. When every lane is busy with
 * longer calls, one call may be written ahead in each.
 */
import { State } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';

/** µs of work that justify waking a sleeping lane. */
const WAKE_US = 50;
/** µs of short calls that a lane takes: calls of higher priority have to wait for them. */
const MOST_WORK_US = 30_000;
/** ms: a call may be written ahead behind a call expected to run no longer than this. */
const AHEAD_MS = 50;
const GRACE_MS = 5;

/**
 * @param callUs µs that the host spends on a call.
 * @returns the lane, or null when the call has to wait.
 */
export function chooseLane(
  lanes: readonly JobLane[],
  { fn, items }: Pick<Job, 'fn' | 'items'>,
  callUs: number,
): JobLane | null {
  const short = isShort(fn, items);
  // One lane runs such calls faster than the host dispatches them: a second lane only adds wake-ups.
  const oneIsEnough = fn.averageUs < callUs;
  let idle: JobLane | null = null;
  let awake: JobLane | null = null;
  let least = Infinity;
  for (const lane of lanes) {
    if (!mayTake(lane, fn, short)) continue;
    const { occupied } = lane.ring;
    if (occupied === 0) {
      if (idle === null || lane.lastUsed > idle.lastUsed) idle = lane;
    } else if (oneIsEnough) {
      return lane;
    } else if (occupied < least) {
      awake = lane;
      least = occupied;
    }
  }
  if (idle === null || awake === null) return idle ?? awake;
  return idle.asleep && least * fn.averageUs < WAKE_US ? awake : idle;
}

/** Other lanes for a call whose bytes do not fit into the chosen lane. */
export function otherLanes(
  lanes: readonly JobLane[],
  { fn, items }: Pick<Job, 'fn' | 'items'>,
  full: JobLane,
): JobLane[] {
  const short = isShort(fn, items);
  return lanes.filter((lane) => lane !== full && mayTake(lane, fn, short));
}

/** Whether a call is short; a batch never is. */
function isShort(fn: Job['fn'], items: Job['items']): boolean {
  return fn.short && items === null;
}

/** Whether the lane of a session takes its call now. */
export function leasedMayTake(lane: JobLane, { fn, items }: Pick<Job, 'fn' | 'items'>): boolean {
  return lane.status === 'leased' && hasRoom(lane, fn, isShort(fn, items));
}

/** Whether a lane may take a call of no session. */
function mayTake(lane: JobLane, fn: Job['fn'], short: boolean): boolean {
  return lane.status === 'ready' && hasRoom(lane, fn, short);
}

/** Whether a lane is idle, or has no call that may block, a free row, and little work before this short call. */
function hasRoom(lane: JobLane, { averageUs }: Job['fn'], short: boolean): boolean {
  if (lane.opening !== null) return false;
  const { occupied } = lane.ring;
  if (occupied === 0) return true;
  return short && !lane.exclusive && occupied <= lane.ring.memory.mask && occupied * averageUs < MOST_WORK_US;
}

/** ms after which a call has run longer than calls of its function do: calls behind it are withdrawn. */
export function overdueMs(job: Job): number {
  return expectedMs(job) * 2 + GRACE_MS;
}

/** ms that a job is expected to run. */
function expectedMs({ fn, items }: Job): number {
  return (fn.typicalUs / 1_000) * (items?.count ?? 1);
}

/**
 * The lane in which to write one call ahead when all lanes are busy, so that the
 * call starts before the host notices that the lane is free. Only behind a call
 * expected to end within ms, and of those the one expected to end first. A call
 * ahead is withdrawn when the running call becomes overdue, when a lane becomes
 * idle, and when a call of another priority arrives.
 */
export function chooseLaneAhead(lanes: readonly JobLane[], now: number): JobLane | null {
  let best: JobLane | null = null;
  let first = Infinity;
  for (const lane of lanes) {
    const { ring } = lane;
    if (lane.status !== 'ready' || !lane.exclusive || ring.occupied !== 1) continue;
    const job = ring.ticket(ring.head);
    const expected = expectedMs(job);
    // A call with callbacks may wait for the host for any time.
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
