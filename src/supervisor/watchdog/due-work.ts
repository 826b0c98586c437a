/** Does all work of a pool that is due at a time, in one look. */
import { Math } from '../../builtins.js';
import type { CallSource } from '../call-source.js';
import type { HostLoop } from '../dispatch/host-loop.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import { type LaneSet, isStarting } from '../lifecycle/lane-set.js';
import type { LaneSupply } from '../lifecycle/lane-supply.js';
import type { LostLanes } from '../lifecycle/lost-lanes.js';
import type { Recycler } from '../lifecycle/recycling.js';
import type { Harvester } from '../results/harvester.js';
import type { Health } from './health.js';

interface DueWorkParts {
  readonly source: CallSource;
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly lost: LostLanes;
  readonly recycler: Recycler;
  readonly callbacks: CallbackRouter;
  readonly harvester: Harvester;
  readonly health: Health;
  readonly loop: HostLoop;
}

/** ms between looks for idle lanes that are due for recycling. */
export const RECYCLE_MS = 250;

export class DueWork {
  readonly #parts: DueWorkParts;

  constructor(parts: DueWorkParts) {
    this.#parts = parts;
  }

  /** Does what is due at `now`, on the host's clock. @returns when to look next. */
  check(now: number): number {
    const { source, lanes, supply, lost, recycler, callbacks, harvester, health, loop } = this.#parts;
    if (harvester.harvest() > 0) loop.notice();
    let next = Math.min(source.due(now), callbacks.due(now));
    if (recycler.active) {
      // Idle lanes, too: a lane may have grown in its last call.
      for (const lane of lanes.active.slice()) recycler.recycle(lane);
      next = Math.min(next, now + RECYCLE_MS);
    }
    for (const lane of [...lanes.active, ...lanes.spares.filter(isStarting)]) {
      next = Math.min(next, health.check(lane, now));
    }
    next = Math.min(next, lost.abandonDue(now));
    const { killsDueAt } = lanes;
    if (killsDueAt > now) return Math.min(next, killsDueAt);
    // The time of killed processes to end is over: callers that wait for them are told.
    supply.changed();
    return next;
  }
}
