/**
 * Lanes that are given up, since a call in them does not stop.
 *
 *   given up ──► its native call returns within ms ──► serves again
 *       └──────► abandoned: a process is killed, a thread left behind; replaced
 *                    └─► ended, some time
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
import type { LaneSupply } from './lane-supply.js';
import { within } from './retirement.js';

interface LostLanesParts {
  readonly source: CallSource;
  readonly events: Events;
  readonly counters: Counters;
  readonly kind: LaneKind<Job>;
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly loop: HostLoop;
  readonly watch: Watch;
}

/** ms that a lane given up is left to come back before its thread is abandoned: a short call needs no new thread. */
const ABANDON_AFTER_MS = 5;
/** ms that the end of a pool waits for native code that was let go in a callback. */
const RETURN_MS = 100;
/** ms between thorough looks of a host that blocks: a thread that is terminated says nothing, and another process may hold a lane's socket. */
const THOROUGH_MS = 100;

export class LostLanes {
  readonly #settings: PoolSettings;
  readonly #parts: LostLanesParts;
  #lookedAt = -Infinity;

  constructor(settings: PoolSettings, parts: LostLanesParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Gives a lane up: it takes no more calls. @param waited whether its job was asked to stop, and has had its grace. */
  lose(lane: JobLane, job: Job, waited: boolean): void {
    const { lanes, supply, source, events, counters, watch, loop } = this.#parts;
    if (lanes.remove(lane)) {
      lane.status = 'lost';
      lanes.lost.push(lane);
    }
    giveBack(lane, source);
    counters.lanesLost += 1;
    events.emit('lane-lost', { lane: lane.name, error: job.stopping?.error });
    // A process that was asked to stop has had its time.
    const patience = lane.kind === 'process' && waited ? 0 : ABANDON_AFTER_MS;
    lane.abandonAt = performance.now() + patience;
    if (patience === 0) {
      this.#abandon(lane);
      watch.by(lanes.killsDueAt);
    } else watch.by(lane.abandonAt);
    supply.cover();
    loop.notice();
  }

  /** A lost lane's native call has returned in time: it serves again, unless others have taken its place. */
  reinstate(lane: JobLane): void {
    const { lanes, supply } = this.#parts;
    if (!take(lanes.lost, lane)) return;
    lane.abandonAt = Infinity;
    lane.status = 'ready';
    if (lanes.serving < lanes.wanted) lanes.active.push(lane);
    else if (lanes.spares.length < this.#settings.spares) lanes.spares.push(lane);
    else {
      lane.status = 'retiring';
      supply.retirement.retire(lane);
    }
    this.#recovered(lane);
  }

  /** Stops waiting for lost lanes whose time is over. @returns when the next one's is. */
  abandonDue(now: number): number {
    let next = Infinity;
    for (const lane of this.#parts.lanes.lost.slice()) {
      if (lane.abandonAt <= now) {
        this.#abandon(lane);
        // It may have been the last: then nothing else tells those that wait.
        this.#parts.supply.changed();
      } else if (lane.abandonAt < next) next = lane.abandonAt;
    }
    return next;
  }

  /** A lane that was given up, or is on its way out, has ended. */
  readonly ended = (lane: JobLane): void => {
    const { lanes, supply } = this.#parts;
    const wasLost = take(lanes.lost, lane);
    if (!wasLost && !take(lanes.ending, lane)) return;
    lanes.left(lane);
    if (!wasLost) return;
    // A place for it first, then the news: whoever hears of it may make a call.
    supply.fill();
    // A process was killed: it has not come back.
    if (lane.kind === 'thread') this.#recovered(lane);
  };

  /**
   * Looks for lanes that have ended, for a host that blocks, and hears of no event.
   * @returns whether one is just ending: worth another look within a ms.
   */
  lookForEnds(now: number): boolean {
    const { active, spares, lost, ending } = this.#parts.lanes;
    const thoroughly = now - this.#lookedAt > THOROUGH_MS;
    if (thoroughly) this.#lookedAt = now;
    let anyEnding = false;
    for (const list of [active, spares, lost, ending]) {
      // Backwards: an end that is found takes its lane out of the list. One that is missed is met by the next look.
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

  /** Ends every lane of a pool that has closed. @returns a promise for the end of those that are not stuck. */
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
      // It is not taken back any more.
      lane.abandonAt = Infinity;
      lane.kill();
      const end = whenSettled(lane.end(), () => {
        if (take(lanes.lost, lane)) lanes.left(lane);
        ended();
      });
      // Let go in a callback a thread comes back at once, and gives its
      // callbacks back: worth a moment. A process that was killed ends.
      if (lane.hasCallbacks || lane.kind === 'process') returns.push(end);
    }
    await all([supply.retirement.ended(), within(RETURN_MS, all(returns))]);
    kind.end();
  }

  /** Stops waiting for a lost lane, ends it where that can be done, and replaces it. */
  #abandon(lane: JobLane): void {
    const { lanes, supply, counters } = this.#parts;
    lane.abandonAt = Infinity;
    supply.restarts.gone(performance.now(), lane);
    if (lane.kind === 'process') {
      counters.lanesKilled += 1;
      lanes.killedAt = performance.now();
    }
    lane.kill();
    void whenSettled(lane.end(), () => this.ended(lane));
    supply.replace();
  }

  /** A thread's native call has returned, after all: its end is told by a promise, and until then it is on its way out. */
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

/** A process on its way out is at rest: what it waits for otherwise, before it is told to end, is a promise. */
function endAtRest(lane: JobLane): void {
  if (lane.kind === 'process' && lane.bound && lane.ring.remaining === 0) void lane.end();
}
