/** Detects deadlocks from what the lanes wait for. */
import type { LaneStatus } from '../../lanes/lane.js';
import { DeadlockError } from '../../errors.js';
import type { Invocation } from './invocation.js';
import type { Job, JobLane } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { Leases } from '../lifecycle/leases.js';
import type { CallbackRouter } from './callback-router.js';

const SERVES: ReadonlySet<LaneStatus> = new Set(['ready', 'leased', 'retiring']);

/**
 * Whether every one of some lanes waits for the host, so that none takes a call: for a function for which `holds` is
 * true, or for a reader of a call for which `stalls` is true.
 * @param among the lanes that could take the call.
 */
export function allWait(
  { lost }: LaneSet,
  among: readonly JobLane[],
  callbacks: CallbackRouter,
  holds: (invocation: Invocation) => boolean,
  stalls: (job: Job) => boolean,
): boolean {
  // A lane that was just given up returns or is replaced.
  if (among.length === 0 || lost.some(({ abandonAt }) => abandonAt !== Infinity)) return false;
  return among.every((lane) => {
    if (!SERVES.has(lane.status) || !lane.hasCallbacks) return false;
    const waiting = callbacks.waitingIn(lane);
    if (waiting !== null) return holds(waiting);
    return lane.channel.stalled && lane.ring.occupied > 0 && stalls(lane.ring.ticket(lane.ring.head));
  });
}

/**
 * Checks that a blocking call can make progress.
 * @throws DeadlockError when the call cannot settle while its thread blocks.
 */
export function requireNoDeadlock(
  job: Job,
  lanes: LaneSet,
  leases: Leases,
  supply: LaneSupply,
  callbacks: CallbackRouter,
): void {
  const any = (): boolean => true;
  const { boundTo } = job;
  if (job.lane === null && boundTo !== null) {
    if (!allWait(lanes, [boundTo], callbacks, any, any)) return;
    throw new DeadlockError(
      `A blocking call of ${job.fn.name} waits for the lane of its session, which waits for a function or reader on the thread that the call blocks. ` +
        'Await the call instead, once the call before it has ended, or make it in another session.',
      { call: job.id, symbol: job.fn.name },
    );
  }
  if (job.lane === null && allLeased(lanes, leases, callbacks)) {
    throw new DeadlockError(
      `A blocking call of ${job.fn.name} waits for a lane, but every lane is leased to a session, which cannot be closed while the call blocks this thread. ` +
        'Make the call in the session, close a session first, or use more lanes than sessions.',
      { call: job.id, symbol: job.fn.name },
    );
  }
  if (job.lane === null && allWait(lanes, lanes.active, callbacks, any, any)) {
    throw new DeadlockError(
      `A blocking call of ${job.fn.name} waits for a lane, but every lane waits for functions or readers on the thread that the call blocks. ` +
        'Await the call instead, and use more lanes than there are functions and readers that make calls.',
      { call: job.id, symbol: job.fn.name },
    );
  }
  // A stuck lane may return, a killed one ends, and a new one may be started.
  if (lanes.active.length > 0 || lanes.lost.length > 0) return;
  if (supply.startsAt !== Infinity) return;
  throw new DeadlockError(
    'A blocking call waits for a lane, but no lane of this pool can start while the thread is blocked. Await the call instead.',
  );
}

/** Whether sessions have every lane, and none is given back while this thread blocks; a call that runs may still end its lane. */
function allLeased({ active, lost }: LaneSet, leases: Leases, callbacks: CallbackRouter): boolean {
  if (active.length === 0 || lost.some(({ abandonAt }) => abandonAt !== Infinity)) return false;
  return active.every(
    (lane) =>
      lane.status === 'leased' &&
      !leases.closing(lane) &&
      (lane.ring.remaining === 0 || callbacks.waitingIn(lane) !== null),
  );
}

/** The error when a function that a blocking call waits for returns a promise. */
export function blockedDeadlock(job: Job, what: string): DeadlockError {
  return new DeadlockError(
    `${job.fn.name} was called with .blocking(), but ${what} returned a promise, which cannot settle while this thread is blocked. ` +
      'Await the call, or use a function that returns its value directly.',
    { call: job.id, symbol: job.fn.name },
  );
}
