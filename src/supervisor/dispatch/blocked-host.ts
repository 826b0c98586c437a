/**
 * A host that blocks until a job has settled: it waits on the doorbell, and
 * does by itself what the event loop would have done. One look at everything,
 * then sleep, over and over.
 *
 * The rule: whatever it waits for, it learns without events and promises.
 *
 *   results, starts of lanes, words of native code   shared memory; the bell wakes it
 *   the answer of a lane that opens a library        messages; the bell wakes it
 *   deaths, ends of lanes that were killed           the socket wakes it, the system says how;
 *                                                    threads say so in shared memory
 *   ends that nothing tells of                       the system is asked, every 100 ms
 *   timeouts, grace, deadlines, lanes that do not
 *   start, open or begin; back-off, breaker          the clock: `Watch.due`, `LaneSupply.startsAt`
 *   a quiet engine                                   shared memory (`ffi-rs-threads.ts`); the call that it
 *                                                    blocks on does not wait for one
 *   room in the queue                                follows from these
 *   promises of functions on the host                never: the call fails at once
 */
import { Math, performance } from '../../builtins.js';
import type { Doorbell } from '../../shared/memory/bell.js';
import { blockedDeadlock, requireProgress } from '../host-functions/deadlock.js';
import type { HostLoop } from './host-loop.js';
import type { Job } from '../job.js';
import type { CallSource } from '../call-source.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { LostLanes } from '../lifecycle/lost-lanes.js';
import type { Assignment } from './assignment.js';
import { ffiRsQuiescence } from '../quiescence/quiescence.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import { blocking } from './turn-share.js';
import type { Watch } from '../watchdog/watch.js';

/** What the host sees to while it blocks. */
export interface BlockedHost {
  readonly bell: Doorbell;
  readonly loop: HostLoop;
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly lost: LostLanes;
  readonly watch: Watch;
  readonly callbacks: CallbackRouter;
  readonly source: CallSource;
  readonly assignment: Assignment;
}

/** ms that it sleeps at most. */
const SLEEP_MS = 50;
/** The same while a lane is ending whose end it may wait for. */
const ENDING_SLEEP_MS = 1;

/** @throws DeadlockError when nothing that this thread waits for can happen while it blocks. */
export function blockUntil(job: Job, host: BlockedHost): void {
  blocking(1);
  try {
    while (!job.isSettled) {
      const count = host.loop.armToBlock();
      const ending = host.lost.lookForEnds(performance.now());
      if (lookAround(job, host)) continue;
      requireProgress(job, host.lanes, host.supply, host.callbacks);
      const now = performance.now();
      const most = ending ? ENDING_SLEEP_MS : SLEEP_MS;
      host.bell.sleep(count, Math.max(0, Math.min(host.watch.due - now, host.supply.startsAt - now, most)));
    }
  } finally {
    blocking(-1);
    host.loop.stopBlocking();
  }
}

/** Does whatever there is to do now. @returns whether there is more, or nothing left to wait for. */
function lookAround(job: Job, host: BlockedHost): boolean {
  const { lanes, watch } = host;
  host.loop.look();
  ffiRsQuiescence.look();
  host.source.pump();
  host.assignment.publish();
  // This thread has nothing else to do: every result wakes it.
  for (const lane of lanes.active) lane.ring.gather(1);
  if (job.isSettled) return true;
  host.callbacks.breakBlocked(job, (what) => blockedDeadlock(job, what));
  host.supply.startDue(performance.now());
  if (watch.due <= performance.now()) {
    watch.look();
    return true;
  }
  // What there was no time for does not ring again.
  return lanes.active.some(({ hasCallbacks, channel }) => hasCallbacks && channel.hasCalls);
}
