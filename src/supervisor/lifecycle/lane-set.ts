/**
 * The lanes of a pool, by what they are at.
 *
 *   spares   ready beyond what was asked for: one steps in when a lane goes
 *   active   lanes that calls may go to, that are starting, or that finish
 *            what they have (`retiring`)
 *   lost     given up: a thread is stuck in native code, a process is being
 *            killed; counted until it really ends
 *   ending   on their way out
 *
 * Who moves them: `LaneSupply` starts lanes and has spares step in, `Recycler`
 * and `Retirement` lead them out, `LostLanes` gives them up and takes them
 * back, `LaneDeaths` removes those that die.
 *
 * Guarantee: a lane is in one of the lists, or ended. Counts are lengths of lists.
 */
import { Math } from '../../builtins.js';
import type { LaneChannel } from '../../lanes/channel/lane-channel.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { JobLane } from '../job.js';

/** ms that the system has to end a process that was killed: one that waits for a disk, or a share, may take for ever. */
const KILLED_MS = 5_000;

export class LaneSet {
  readonly active: JobLane[] = [];
  readonly spares: JobLane[] = [];
  readonly lost: JobLane[] = [];
  /** On their way out: a thread may still be loading an engine. */
  readonly ending: JobLane[] = [];
  /** When a lane was last killed for a call, on the host's clock. */
  killedAt: number = -Infinity;
  readonly #settings: PoolSettings;
  /** Late callbacks of lanes that have ended. */
  #late = 0;
  /** Of lanes whose threads stay, and answer native code that calls back from a thread of its own. */
  readonly #kept: LaneChannel[] = [];

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Lanes that calls go to, or will when they have started. */
  get serving(): number {
    return this.active.filter(({ status }) => status !== 'retiring').length;
  }

  /** Lanes that calls may go to: as many as asked for, less those lost beyond the tolerated. */
  get wanted(): number {
    return this.#settings.lanes - Math.max(0, this.lost.length - this.#settings.maxLostLanes);
  }

  /** Active lanes that are starting: each takes a call soon. */
  get startingActive(): number {
    let starting = 0;
    for (const lane of this.active) if (isStarting(lane)) starting += 1;
    return starting;
  }

  /** Whether a lane is starting, asked for or spare. */
  get starting(): boolean {
    return this.active.some(isStarting) || this.spares.some(isStarting);
  }

  /** Lanes whose next call to end has not settled: the calls that run, or are about to. */
  get busy(): number {
    let busy = 0;
    for (const { ring } of this.active) {
      if (ring.occupied !== 0 && !ring.ticket(ring.head).isSettled) busy += 1;
    }
    return busy;
  }

  /** Whether some lane has nothing to do. */
  get hasIdle(): boolean {
    for (const lane of this.active) if (lane.status === 'ready' && lane.ring.occupied === 0) return true;
    return false;
  }

  /** Callbacks that native code called when it was too late. */
  get lateCallbacks(): number {
    let late = this.#late;
    for (const channel of this.#kept) late += channel.late;
    for (const { channel } of [...this.active, ...this.lost, ...this.ending]) late += channel.late;
    return late;
  }

  /** When every lane that was killed should have ended, on the host's clock; Infinity where none has been. */
  get killsDueAt(): number {
    return this.#settings.isolation === 'process' && this.lost.length > 0
      ? this.killedAt + KILLED_MS
      : Infinity;
  }

  /** Takes out a lane that is active or a spare. @returns whether it was one. */
  remove(lane: JobLane): boolean {
    return take(this.active, lane) || take(this.spares, lane);
  }

  /** A lane has ended; or its thread stays. */
  left({ kind, channel }: JobLane): void {
    if (kind === 'thread' && channel.threaded) this.#kept.push(channel);
    else this.#late += channel.late;
  }
}

/** Takes a lane out of a list. @returns whether it was there. */
export function take(lanes: JobLane[], lane: JobLane): boolean {
  const at = lanes.indexOf(lane);
  if (at >= 0) lanes.splice(at, 1);
  return at >= 0;
}

export const isStarting = ({ status }: JobLane): boolean => status === 'starting';
