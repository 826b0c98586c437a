/** Detects deadlocks from what the lanes wait for. */
import { DeadlockError } from '../../errors.js';
import type { Invocation } from './invocation.js';
import type { Job } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { CallbackRouter } from './callback-router.js';

/**
 * Whether every lane waits for the host, so that none takes a call: for a
 * function for which `holds` is true, or for a reader of a call for which
 * `stalls` is true.
 */
export function allWait(
  { active, lost }: LaneSet,
  callbacks: CallbackRouter,
  holds: (invocation: Invocation) => boolean,
  stalls: (job: Job) => boolean,
): boolean {
  // A lane that was just given up returns or is replaced.
  if (active.length === 0 || lost.some(({ abandonAt }) => abandonAt !== Infinity)) return false;
  return active.every((lane) => {
    if ((lane.status !== 'ready' && lane.status !== 'retiring') || !lane.hasCallbacks) return false;
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
  supply: LaneSupply,
  callbacks: CallbackRouter,
): void {
  const any = (): boolean => true;
  if (job.lane === null && allWait(lanes, callbacks, any, any)) {
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

/** The error when a function that a blocking call waits for returns a promise. */
export function blockedDeadlock(job: Job, what: string): DeadlockError {
  return new DeadlockError(
    `${job.fn.name} was called with .blocking(), but ${what} returned a promise, which cannot settle while this thread is blocked. ` +
      'Await the call, or use a function that returns its value directly.',
    { call: job.id, symbol: job.fn.name },
  );
}
