/** Waiting that would never end: found by what the lanes wait for in turn. */
import { DeadlockError } from '../../errors.js';
import type { Invocation } from './invocation.js';
import type { Job } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { CallbackRouter } from './callback-router.js';

/**
 * Whether every lane waits for the host: for a function of which `holds` is
 * true, or for a reader of a call of which `stalls` is. Then none takes a call.
 */
export function allWait(
  { active, lost }: LaneSet,
  callbacks: CallbackRouter,
  holds: (invocation: Invocation) => boolean,
  stalls: (job: Job) => boolean,
): boolean {
  // One that was given up just now comes back, or is replaced.
  if (active.length === 0 || lost.some(({ abandonAt }) => abandonAt !== Infinity)) return false;
  return active.every((lane) => {
    if ((lane.status !== 'ready' && lane.status !== 'retiring') || !lane.hasCallbacks) return false;
    const waiting = callbacks.waitingIn(lane);
    if (waiting !== null) return holds(waiting);
    return lane.channel.stalled && lane.ring.occupied > 0 && stalls(lane.ring.ticket(lane.ring.head));
  });
}

/**
 * A blocking call is about to wait.
 * @throws DeadlockError when nothing that it waits for can happen while its thread blocks.
 */
export function requireProgress(
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
  // One that is stuck may come back, one that was killed ends; and one may be started.
  if (lanes.active.length > 0 || lanes.lost.length > 0) return;
  if (supply.startsAt !== Infinity) return;
  throw new DeadlockError(
    'A blocking call waits for a lane, but no lane of this pool can start while the thread is blocked. Await the call instead.',
  );
}

/** A function that a blocking call waits for has answered with a promise. */
export function blockedDeadlock(job: Job, what: string): DeadlockError {
  return new DeadlockError(
    `${job.fn.name} was called with .blocking(), but ${what} returned a promise, which cannot settle while this thread is blocked. ` +
      'Await the call, or use a function that returns its value directly.',
    { call: job.id, symbol: job.fn.name },
  );
}
