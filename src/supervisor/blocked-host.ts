/**
 * A host that blocks until a job has settled: it waits on the doorbell, and
 * does by itself what the event loop would have done. One look at everything,
 * then sleep, over and over.
 */
import { performance } from 'node:perf_hooks';
import type { Doorbell } from '../shared/bell.js';
import { blockedDeadlock, requireHope } from './deadlock.js';
import type { HostLoop } from './host-loop.js';
import type { Job } from './job.js';
import type { LaneSet } from './lane-set.js';
import { ffiRsGate } from './quiet.js';
import type { Talk } from './talk.js';
import { blocking } from './turn.js';
import type { Watch } from './watch.js';

/** What the host sees to while it blocks. */
export interface BlockedHost {
  readonly bell: Doorbell;
  readonly loop: HostLoop;
  readonly lanes: LaneSet;
  readonly watch: Watch;
  readonly talk: Talk;
  /** Offers queued calls to lanes. */
  room(): void;
  /** Lets the lanes see what was written. */
  publish(): void;
}

/** ms between looks whether the threads are there that a blocked host waits for: one that is terminated says nothing. */
const VANISHED_AFTER_MS = 100;
/** ms that it sleeps at most. */
const SLEEP_MS = 50;

/** @throws DeadlockError when nothing that this thread waits for can happen while it blocks. */
export function blockUntil(job: Job, host: BlockedHost): void {
  blocking(1);
  try {
    let lookedAt = performance.now();
    while (!job.isSettled) {
      const count = host.loop.armToBlock();
      if (lookAround(job, host)) continue;
      const now = performance.now();
      if (now - lookedAt > VANISHED_AFTER_MS) {
        lookedAt = now;
        buryVanished(host.lanes);
        continue;
      }
      requireHope(job, host.lanes, host.talk);
      host.bell.sleep(
        count,
        Math.max(0, Math.min(host.watch.due - now, host.lanes.startsAt - now, SLEEP_MS)),
      );
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
  ffiRsGate.look();
  host.room();
  host.publish();
  // This thread has nothing else to do: every result wakes it.
  for (const lane of lanes.active) lane.ring.gather(1);
  if (job.isSettled) return true;
  host.talk.breakBlocked(job, (what) => blockedDeadlock(job, what));
  lanes.startDue(performance.now());
  if (watch.due <= performance.now() || lanes.active.some((lane) => lane.announcedGone)) {
    watch.look();
    return true;
  }
  // What there was no time for does not ring again.
  return lanes.active.some(({ hasCallbacks, channel }) => hasCallbacks && channel.hasCalls);
}

function buryVanished(lanes: LaneSet): void {
  for (const lane of lanes.active.filter(({ vanished }) => vanished)) lanes.crashed(lane, lane.death());
}
