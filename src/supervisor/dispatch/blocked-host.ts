/**
 * Blocks the host until a job has settled. The host sleeps on the doorbell and
 * does the work of the event loop itself: it looks at everything, sleeps, and
 * repeats.
 *
 * Rule: everything that the host waits for is detected without events and promises.
 *
 *   results, starts of lanes, callbacks and chunks   shared memory; the bell wakes the host
 *   the answer of a lane that opens a library        messages; the bell wakes the host
 *   deaths, ends of killed lanes                     processes: the socket wakes the host, and the system
 *                                                    has the status; threads: shared memory
 *   ends without a signal                            the system, asked every 100 ms
 *   timeouts, grace, deadlines, lanes that do not
 *   start, open or begin; back-off, breaker          the clock: `Watch.due`, `LaneSupply.startsAt`
 *   quiescence of ffi-rs                             shared memory (`ffi-rs-threads.ts`); the call that the
 *                                                    host blocks on does not wait for it
 *   space in the queue                               follows from these
 *   promises of functions on the host                never: the call fails at once
 */
import { Math, performance } from '../../builtins.js';
import type { Doorbell } from '../../shared/memory/bell.js';
import { blockedDeadlock, requireNoDeadlock } from '../host-functions/deadlock.js';
import type { HostLoop } from './host-loop.js';
import type { Job } from '../job.js';
import type { CallSource } from '../call-source.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { Leases } from '../lifecycle/leases.js';
import type { LostLanes } from '../lifecycle/lost-lanes.js';
import type { Assignment } from './assignment.js';
import { ffiRsQuiescence } from '../quiescence/quiescence.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import { blocking } from './turn-share.js';
import type { Watch } from '../watchdog/watch.js';

/** The parts that a blocked host drives. */
export interface BlockedHost {
  readonly bell: Doorbell;
  /** Whether lanes are processes. */
  readonly processes: boolean;
  readonly loop: HostLoop;
  readonly lanes: LaneSet;
  readonly leases: Leases;
  readonly supply: LaneSupply;
  readonly lost: LostLanes;
  readonly watch: Watch;
  readonly callbacks: CallbackRouter;
  readonly source: CallSource;
  readonly assignment: Assignment;
}

/** Longest sleep, in ms. */
const SLEEP_MS = 50;
/** The same while a lane is about to end. */
const ENDING_SLEEP_MS = 1;

/** @throws DeadlockError when the job cannot settle while this thread blocks. */
export function blockUntil(job: Job, host: BlockedHost): void {
  blocking(1);
  try {
    while (!job.isSettled) {
      if (host.processes) {
        // Before the bell is armed: a lane that rings makes a system call, and so does the host to hear it.
        host.loop.spinToBlock();
        if (job.isSettled) return;
      }
      const count = host.loop.armToBlock();
      const ending = host.lost.lookForEnds(performance.now());
      if (lookAround(job, host)) continue;
      requireNoDeadlock(job, host.lanes, host.leases, host.supply, host.callbacks);
      const now = performance.now();
      const most = ending ? ENDING_SLEEP_MS : SLEEP_MS;
      host.bell.sleep(count, Math.max(0, Math.min(host.watch.due - now, host.supply.startsAt - now, most)));
    }
  } finally {
    blocking(-1);
    host.loop.stopBlocking();
  }
}

/** Does all work that is possible now. @returns whether there is more, or the job has settled. */
function lookAround(job: Job, host: BlockedHost): boolean {
  const { lanes, watch } = host;
  host.loop.look();
  ffiRsQuiescence.look();
  host.source.pump();
  host.assignment.publish();
  // Every result wakes this thread, which has nothing else to do.
  for (const lane of lanes.active) lane.ring.gather(1);
  if (job.isSettled) return true;
  host.callbacks.breakBlocked(job, (what) => blockedDeadlock(job, what));
  host.supply.startDue(performance.now());
  if (watch.due <= performance.now()) {
    watch.look();
    return true;
  }
  // Requests that were left for lack of time do not ring again.
  return lanes.active.some(({ hasCallbacks, channel }) => hasCallbacks && channel.hasCalls);
}
