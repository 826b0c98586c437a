/**
 * Replaces lanes that have served enough calls or use too much memory.
 *
 * Guarantee: a lane that is due takes no more calls, finishes the calls that it
 * has, and ends; its replacement starts as soon as the lane is due.
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
  /** Whether the pool recycles lanes. */
  readonly active: boolean;
  readonly #settings: PoolSettings;
  readonly #parts: RecyclerParts;

  constructor(settings: PoolSettings, parts: RecyclerParts) {
    this.active = settings.recycleAfter !== Infinity || settings.recycleAboveMb !== Infinity;
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Retires a lane if it is due: the lane finishes its calls while another takes its place. */
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

  /** Ends retiring lanes that have finished their calls. */
  sweep(): void {
    const { lanes, retirement } = this.#parts;
    for (const lane of lanes.active.filter(({ status }) => status === 'retiring')) {
      if (lane.ring.occupied === 0 && lanes.remove(lane)) retirement.retire(lane);
    }
  }
}

/**
 * Why a lane is due; null while it is not. Never due: a lane whose native code
 * may keep a callback (a persistent one, a probe), which would be lost, and a
 * lane that a thread of native code has called, since its own thread would stay.
 */
function reasonFor({ recycleAfter, recycleAboveMb }: PoolSettings, lane: JobLane): 'calls' | 'memory' | null {
  if (lane.keepsCallbacks || lane.channel.threaded) return null;
  // Counts the calls written to the lane, not those finished, so that it never gets more than `recycleAfter`.
  if (lane.ring.tail >>> 0 >= recycleAfter) return 'calls';
  // A lane that has run no call is as small as its replacement would be.
  if (lane.ring.tail === 0) return null;
  return lane.residentMb > recycleAboveMb ? 'memory' : null;
}
