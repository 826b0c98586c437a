/**
 * Lanes that were given up because a call in them did not stop.
 *
 *   given up ──► the native call returns within ms ──► reinstated, or ended if it was being recycled
 *       └──────► abandoned: a process is killed, a thread detached; replaced
 *                    └─► ended, at some time
 */
import { performance } from '../../builtins.js';
import { all, whenSettled } from '../../promises.js';
import type { LaneKind } from '../../lanes/lane-kind.js';
import type { Counters } from '../../observe/counters.js';
import type { Events } from '../../observe/events.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { CallSource } from '../call-source.js';
import { giveBack } from '../dispatch/give-back.js';
import type { HostLoop } from '../dispatch/host-loop.js';
import type { Job, JobLane } from '../job.js';
import type { Watch } from '../watchdog/watch.js';
import { type LaneSet, take } from './lane-set.js';
import type { Leases } from './leases.js';
import type { LaneSupply } from './lane-supply.js';
import { within } from './retirement.js';

interface LostLanesParts {
  readonly source: CallSource;
  readonly events: Events;
  readonly counters: Counters;
  readonly kind: LaneKind<Job>;
  readonly lanes: LaneSet;
  readonly leases: Leases;
  readonly supply: LaneSupply;
  readonly loop: HostLoop;
  readonly watch: Watch;
}

/** ms that a lane has to return before it is abandoned, so that cancelling a short call costs no thread. */
const ABANDON_AFTER_MS = 5;
/** ms that the end of a pool waits for native code that was released from a callback. */
const RETURN_MS = 100;
/** ms between thorough looks of a blocked host, for ends without a signal: a terminated thread, or a lane's socket held open by another process. */
const THOROUGH_MS = 100;

export class LostLanes {
  readonly #settings: PoolSettings;
  readonly #parts: LostLanesParts;
  /** Lanes that were being recycled when they were given up: they take no more calls. */
  readonly #recycled = new WeakSet<JobLane>();
  #lookedAt = -Infinity;

  constructor(settings: PoolSettings, parts: LostLanesParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Gives up a lane: it takes no more calls. @param waited whether its job was asked to stop and had its grace period. */
  lose(lane: JobLane, job: Job, waited: boolean): void {
    const { lanes, leases, supply, source, events, counters, watch, loop } = this.#parts;
    if (lanes.remove(lane)) {
      if (lane.status === 'retiring') this.#recycled.add(lane);
      lane.status = 'lost';
      lanes.lost.push(lane);
    }
    giveBack(lane, source);
    counters.lanesLost += 1;
    // A call in a process has had its time if it was asked to stop.
    const patience = lane.kind === 'process' && waited ? 0 : ABANDON_AFTER_MS;
    // Before the event: while a listener blocks, the lane may return, or its time may be over.
    lane.abandonAt = performance.now() + patience;
    watch.by(lane.abandonAt);
    leases.givenUp(lane, job.stopping?.error);
    events.emit('lane-lost', { lane: lane.name, error: job.stopping?.error });
    if (patience === 0 && lane.abandonAt !== Infinity) {
      this.#abandon(lane);
      watch.by(lanes.killsDueAt);
    }
    // A session continues only in this lane: its place stays free until it is abandoned.
    if (!leases.has(lane)) supply.cover();
    loop.notice();
  }

  /** A lost lane's native call has returned in time: the lane serves again, unless it has been replaced, or was being recycled. */
  reinstate(lane: JobLane): void {
    const { lanes, leases, supply } = this.#parts;
    if (!take(lanes.lost, lane)) return;
    lane.abandonAt = Infinity;
    const list = this.#recycled.has(lane) ? null : this.#vacancy();
    const leased = list === lanes.active && leases.has(lane);
    lane.status = list === null ? 'retiring' : leased ? 'leased' : 'ready';
    if (!leased) leases.abandoned(lane);
    if (list === null) {
      supply.retirement.retire(lane);
      // No lane was started in its place while it was expected to return.
      supply.fill();
    } else list.push(lane);
    this.#recovered(lane);
  }

  /** Abandons lost lanes whose time to return is over at `now`. @returns when the next one is due. */
  abandonDue(now: number): number {
    let next = Infinity;
    for (const lane of this.#parts.lanes.lost.slice()) {
      if (lane.abandonAt <= now) {
        this.#abandon(lane);
        // Without another lane, no later event would settle waiting callers.
        this.#parts.supply.changed();
      } else if (lane.abandonAt < next) next = lane.abandonAt;
    }
    return next;
  }

  /** A lost or retired lane has ended. */
  readonly ended = (lane: JobLane): void => {
    const { lanes, supply } = this.#parts;
    const wasLost = take(lanes.lost, lane);
    if (!wasLost && !take(lanes.ending, lane)) return;
    lanes.left(lane);
    if (!wasLost) return;
    // Replaced before the event: a listener may make a call.
    supply.fill();
    // A killed process has ended, but not recovered.
    if (lane.kind === 'thread') this.#recovered(lane);
  };

  /**
   * Looks for lanes that have ended, for a blocked host, which receives no events.
   * @returns whether a lane is about to end: look again within 1 ms.
   */
  lookForEnds(now: number): boolean {
    const { active, spares, lost, ending } = this.#parts.lanes;
    const thoroughly = now - this.#lookedAt > THOROUGH_MS;
    if (thoroughly) this.#lookedAt = now;
    let anyEnding = false;
    for (const list of [active, spares, lost, ending]) {
      // Backwards: a lane that has ended leaves the list. A lane skipped because of that is seen by the next look.
      for (let index = list.length - 1; index >= 0; index -= 1) {
        const lane = list[index];
        if (lane === undefined) continue;
        if (lane.lookForEnd(thoroughly)) anyEnding = true;
        else if (list === lost) this.#lookForReturn(lane);
        else if (list === ending && thoroughly) endAtRest(lane);
      }
    }
    return anyEnding;
  }

  /** Ends every lane of a closed pool. @returns a promise for the end of the lanes that are not stuck. */
  async endAll(ended: () => void): Promise<void> {
    const { lanes, supply, kind } = this.#parts;
    for (const lane of [...lanes.active.splice(0), ...lanes.spares.splice(0)]) {
      if (lane.ring.done === lane.ring.tail) supply.retirement.retire(lane);
      else {
        lane.status = 'lost';
        lanes.lost.push(lane);
      }
    }
    const returns: Promise<void>[] = [];
    for (const lane of lanes.lost) {
      // From here on the lane is not reinstated.
      lane.abandonAt = Infinity;
      lane.kill();
      const end = whenSettled(lane.end(), () => {
        if (take(lanes.lost, lane)) lanes.left(lane);
        ended();
      });
      // A thread released from a callback returns soon and unregisters its
      // callbacks; a killed process ends soon. Both are waited for.
      if (lane.hasCallbacks || lane.kind === 'process') returns.push(end);
    }
    await all([supply.retirement.ended(), within(RETURN_MS, all(returns))]);
    kind.end();
  }

  /** The list that has room for a lane; null if there are enough lanes. */
  #vacancy(): JobLane[] | null {
    const { lanes } = this.#parts;
    if (lanes.serving < lanes.wanted) return lanes.active;
    return lanes.spares.length < this.#settings.spares ? lanes.spares : null;
  }

  /** Stops waiting for a lost lane, ends it if possible, and replaces it. */
  #abandon(lane: JobLane): void {
    const { lanes, leases, supply, counters } = this.#parts;
    lane.abandonAt = Infinity;
    supply.restarts.gone(performance.now(), lane);
    if (lane.kind === 'process') {
      counters.lanesKilled += 1;
      lanes.killedAt = performance.now();
    }
    lane.kill();
    void whenSettled(lane.end(), () => this.ended(lane));
    leases.abandoned(lane);
    supply.replace();
  }

  /** Moves an abandoned thread whose native call has returned to `ending`; a promise reports its end, which a blocked host does not see. */
  #lookForReturn(lane: JobLane): void {
    if (lane.kind === 'process' || lane.abandonAt !== Infinity || lane.ring.remaining !== 0) return;
    const { lanes, supply } = this.#parts;
    if (!take(lanes.lost, lane)) return;
    lanes.ending.push(lane);
    supply.fill();
    this.#recovered(lane);
  }

  #recovered(lane: JobLane): void {
    this.#parts.events.emit('lane-recovered', { lane: lane.name });
    this.#parts.source.pump();
  }
}

/** Ends a retired process that is at rest. Otherwise a promise would end it, which does not settle while the host blocks. */
function endAtRest(lane: JobLane): void {
  if (lane.kind === 'process' && lane.bound && lane.ring.remaining === 0) void lane.end();
}
