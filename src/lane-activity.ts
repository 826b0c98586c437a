/** Collects what the lanes of a pool do. */
import { Math, performance } from './builtins.js';
import type { LaneActivity } from './observe/activity.js';
import { State } from './shared/memory/states.js';
import type { JobLane } from './supervisor/job.js';
import type { LaneSet } from './supervisor/lifecycle/lane-set.js';

/** The lanes that take calls, and those that are lost, in the order in which they were created. */
export function laneActivity({ active, lost }: LaneSet): LaneActivity[] {
  const now = performance.now();
  return [...active, ...lost]
    .sort((one, other) => one.createdAt - other.createdAt)
    .map((lane) => activityOf(lane, now));
}

function activityOf(lane: JobLane, now: number): LaneActivity {
  const { name, pid, status, ring } = lane;
  const job = ring.occupied === 0 ? undefined : ring.ticket(ring.head);
  // A settled call of a lost lane is the one that it is stuck in.
  if (job === undefined || (job.isSettled && status !== 'lost')) {
    const state = status === 'starting' || status === 'lost' ? status : 'idle';
    return { lane: name, state, pid, call: undefined };
  }
  // The row of a call that has not begun still has the time of the call before it.
  const began = ring.state(ring.head) !== State.queued;
  const ranMs = began ? Math.max(0, now - ring.startedAt(ring.head)) : 0;
  const state = status === 'lost' || status === 'starting' ? status : 'busy';
  return { lane: name, state, pid, call: { id: job.id, symbol: job.fn.name, ranMs } };
}
