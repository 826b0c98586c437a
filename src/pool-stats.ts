/** Collects the statistics of a pool. */
import type { Admission } from './calls/admission/admission.js';
import type { PoolStats } from './observe/stats.js';
import type { PoolSettings } from './options/pool-options.js';
import type { Supervisor } from './supervisor/supervisor.js';

/** @param listenerErrors number of times that a listener threw. */
export function poolStats(
  settings: PoolSettings,
  admission: Admission,
  supervisor: Supervisor,
  listenerErrors: number,
  sessionsWaiting: number,
): PoolStats {
  const { name, isolation } = settings;
  const { lanes, supply } = supervisor;
  const { counters, queued, waiting, refusedLate } = admission;
  const { submitted, succeeded, failed, cancelled, timedOut, refused, retried } = counters;
  const { lanesLost, lanesCrashed, lanesKilled, lanesRecycled } = counters;
  const starting = lanes.startingActive;
  const busy = lanes.active.filter(({ status, ring }) => status !== 'starting' && ring.occupied !== 0).length;
  const unused = lanes.active.filter(({ status, ring }) => status === 'leased' && ring.occupied === 0).length;
  return {
    name,
    isolation,
    breaker: supply.breaker,
    lanes: {
      total: settings.lanes,
      idle: lanes.active.length - starting - busy - unused,
      busy,
      starting,
      lost: lanes.lost.length,
      spare: lanes.spares.filter(({ status }) => status === 'ready').length,
    },
    sessions: { leased: supervisor.leases.count, waiting: sessionsWaiting },
    queued,
    waiting,
    running: lanes.busy,
    submitted,
    succeeded,
    failed,
    cancelled,
    timedOut,
    refused,
    refusedLate,
    lanesLost,
    lanesCrashed,
    lanesKilled,
    lanesRecycled,
    retried,
    listenerErrors,
    lateCallbacks: supervisor.lateCallbacks,
    waitMs: counters.waits.distribution(),
    runMs: counters.runs.distribution(),
  };
}
