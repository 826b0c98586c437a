/**
 * The lanes of a pool, in one list per state.
 *
 *   spares   extra lanes, each ready to replace a lane that is gone
 *   active   lanes that take calls, start, are leased to a session, or finish their last calls (`retiring`)
 *   lost     given up: a thread is stuck in native code, or a process is being
 *            killed; in this list until it ends
 *   ending   retired, and not ended yet
 *
 * Lanes are moved by `LaneSupply` (starts lanes, activates spares), `Recycler`
 * and `Retirement` (retire lanes), `LostLanes` (gives lanes up and reinstates
 * them) and `LaneDeaths` (removes dead lanes). `Leases` changes the status of active lanes only.
 *
 * Guarantee: a lane is in exactly one list, or has ended. Counts are lengths of lists.
 */
import { Math } from '../../builtins.js';
import type { LaneChannel } from '../../lanes/channel/lane-channel.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { JobLane } from '../job.js';

/** ms within which a killed process should end; one that waits for a disk or a network share may never end. */
const KILLED_MS = 5_000;

export class LaneSet {
  readonly active: JobLane[] = [];
  readonly spares: JobLane[] = [];
  readonly lost: JobLane[] = [];
  /** Retired lanes; a thread among them may still be loading an engine. */
  readonly ending: JobLane[] = [];
  /** When a lane was last killed for a call, on the host's clock. */
  killedAt: number = -Infinity;
  readonly #settings: PoolSettings;
  /** Late callbacks of lanes that have ended. */
  #late = 0;
  /** Channels of ended lanes whose threads stay, to answer callbacks from threads of native code. */
  readonly #kept: LaneChannel[] = [];

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Number of lanes that take calls, or will once they have started. */
  get serving(): number {
    return this.active.filter(({ status }) => status !== 'retiring').length;
  }

  /** Number of lanes that should serve: `lanes`, less the lost ones beyond `maxLostLanes`. */
  get wanted(): number {
    return this.#settings.lanes - Math.max(0, this.lost.length - this.#settings.maxLostLanes);
  }

  /** Number of active lanes that are starting: each takes a call soon. */
  get startingActive(): number {
    let starting = 0;
    for (const lane of this.active) if (isStarting(lane)) starting += 1;
    return starting;
  }

  /** Whether an active lane or a spare is starting. */
  get starting(): boolean {
    for (const lane of this.active) if (lane.status === 'starting') return true;
    for (const lane of this.spares) if (lane.status === 'starting') return true;
    return false;
  }

  /** Number of lanes whose oldest call has not settled: the number of calls that run, or are about to. */
  get busy(): number {
    let busy = 0;
    for (const { ring } of this.active) {
      if (ring.occupied !== 0 && !ring.ticket(ring.head).isSettled) busy += 1;
    }
    return busy;
  }

  /** Whether a ready lane has no call. */
  get hasIdle(): boolean {
    for (const lane of this.active) if (lane.status === 'ready' && lane.ring.occupied === 0) return true;
    return false;
  }

  /** Callbacks that native code called after their call had ended. */
  get lateCallbacks(): number {
    let late = this.#late;
    for (const channel of this.#kept) late += channel.late;
    for (const { channel } of [...this.active, ...this.lost, ...this.ending]) late += channel.late;
    return late;
  }

  /** When every killed lane should have ended, in ms on the host's clock; Infinity without any. */
  get killsDueAt(): number {
    return this.#settings.isolation === 'process' && this.lost.length > 0
      ? this.killedAt + KILLED_MS
      : Infinity;
  }

  /** Removes a lane from `active` or `spares`. @returns whether it was there. */
  remove(lane: JobLane): boolean {
    return take(this.active, lane) || take(this.spares, lane);
  }

  /** Keeps the late callbacks of a lane that has ended. */
  left({ kind, channel }: JobLane): void {
    if (kind === 'thread' && channel.threaded) this.#kept.push(channel);
    else this.#late += channel.late;
  }
}

/** Removes a lane from a list. @returns whether it was there. */
export function take(lanes: JobLane[], lane: JobLane): boolean {
  const at = lanes.indexOf(lane);
  if (at >= 0) lanes.splice(at, 1);
  return at >= 0;
}

export const isStarting = ({ status }: JobLane): boolean => status === 'starting';
