/**
 * Handles the death of a lane, in these steps:
 *
 *   1  the lane leaves its list, and the restart policy is updated
 *   2  calls that it had finished settle
 *   3  calls that it had not started return to the queue
 *   4  calls that it had started fail, or run again; then the session that had the lane ends
 *   5  the events are emitted
 *   6  another lane takes its place
 *   7  callers that wait for a lane are told
 */
import { queueMicrotask } from '../../builtins.js';
import type { Death } from '../../lanes/death.js';
import type { Counters } from '../../observe/counters.js';
import type { Events } from '../../observe/events.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Doorbell } from '../../shared/memory/bell.js';
import type { CallSource } from '../call-source.js';
import { giveBack } from '../dispatch/give-back.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import type { JobLane } from '../job.js';
import type { Harvester } from '../results/harvester.js';
import { crashError } from './crash-error.js';
import { settleCrashed } from './crashed-calls.js';
import { type LaneSet, take } from './lane-set.js';
import type { LaneSupply } from './lane-supply.js';
import type { Leases } from './leases.js';

interface LaneDeathParts {
  readonly source: CallSource;
  readonly events: Events;
  readonly counters: Counters;
  readonly bell: Doorbell;
  readonly lanes: LaneSet;
  readonly leases: Leases;
  readonly supply: LaneSupply;
  readonly callbacks: CallbackRouter;
  readonly harvester: Harvester;
}

export class LaneDeaths {
  readonly #settings: PoolSettings;
  readonly #parts: LaneDeathParts;

  constructor(settings: PoolSettings, parts: LaneDeathParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** A lane has died. */
  readonly crashed = (lane: JobLane, death: Death): void => {
    const { source, events, counters, bell, lanes, leases, supply, callbacks, harvester } = this.#parts;
    if (!take(lanes.lost, lane) && !lanes.remove(lane)) return;
    const error = crashError(lane, death);
    // First: a session whose last call settles here must not give the dead lane back.
    const session = leases.remove(lane);
    const tellRestart = supply.died(lane, error);
    if (death.disorder !== true) {
      lane.ring.concede();
      harvester.take(lane);
    }
    callbacks.forget(lane);
    giveBack(lane, source);
    const again = settleCrashed(lane, death, {
      redact: this.#settings.redact,
      replaced: supply.breaker !== 'open',
    });
    if (again.length > 0) source.returned(again, true);
    session?.lost(error);
    counters.lanesCrashed += 1;
    events.emit('lane-crashed', { lane: lane.name, error });
    // The dead lane may have disarmed the bell without ringing it, and then no other lane rings it.
    bell.ring();
    queueMicrotask(() => supply.changed());
    tellRestart();
    supply.retirement.retire(lane);
    supply.replace();
  };
}
