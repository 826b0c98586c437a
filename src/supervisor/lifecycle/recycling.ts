/**
 * When a lane has served long enough, or grown too large, a fresh one takes its place.
 *
 * Guarantee: a lane that is due takes no more calls, finishes those that it
 * has, and ends; its place is another's from the moment that it is due.
 */
import type { Counters } from '../../observe/counters.js';
import type { Events } from '../../observe/events.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { JobLane } from '../job.js';
import type { LaneSet } from './lane-set.js';
import type { LaneSupply } from './lane-supply.js';
import type { Retirement } from './retirement.js';

interface RecyclerParts {
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly retirement: Retirement;
  readonly events: Events;
  readonly counters: Counters;
}

export class Recycler {
  /** Whether lanes are recycled at all. */
  readonly active: boolean;
  readonly #settings: PoolSettings;
  readonly #parts: RecyclerParts;

  constructor(settings: PoolSettings, parts: RecyclerParts) {
    this.active = settings.recycleAfter !== Infinity || settings.recycleAboveMb !== Infinity;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Has a lane that is due finish what it has; another takes its place at once. */
  recycle(lane: JobLane): void {
    const reason = this.active && lane.status === 'ready' ? reasonFor(this.#settings, lane) : null;
    if (reason === null) return;
    const { supply, events, counters } = this.#parts;
    lane.status = 'retiring';
    counters.lanesRecycled += 1;
    events.emit('lane-recycled', { lane: lane.name, reason });
    supply.fill();
    this.sweep();
  }

  /** Ends retiring lanes that have finished what they had. */
  sweep(): void {
    const { lanes, retirement } = this.#parts;
    for (const lane of lanes.active.filter(({ status }) => status === 'retiring')) {
      if (lane.ring.occupied === 0 && lanes.remove(lane)) retirement.retire(lane);
    }
  }
}

/**
 * Why a lane is due; null while it is not. One whose native code may have kept a
 * callback (a persistent one, a probe) never is: what it is for would be lost.
 * Nor is one that a thread of native code's own has called: its thread would stay.
 */
function reasonFor({ recycleAfter, recycleAboveMb }: PoolSettings, lane: JobLane): 'calls' | 'memory' | null {
  if (lane.keepsCallbacks || lane.channel.threaded) return null;
  // Calls that it was given: what it has is counted, so it is never given more.
  if (lane.ring.tail >>> 0 >= recycleAfter) return 'calls';
  // One that has run nothing yet is as small as lanes get: another would be no smaller.
  if (lane.ring.tail === 0) return null;
  return lane.residentMb > recycleAboveMb ? 'memory' : null;
}
