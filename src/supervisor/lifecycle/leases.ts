/**
 * The lanes that are leased to sessions.
 *
 *   ready, idle ──take──► leased ──release──► ready        the session has ended; recycled if that is due
 *                            ├──► crashed ────────► gone: `lost` of the holder
 *                            └──► given up ──┬──► reinstated within ms: leased again
 *                                            └──► abandoned, or replaced ──► gone
 *
 * A leased lane stays among the active lanes, whose results, times and deaths it shares. Its status keeps other calls
 * away: the choice of a lane, the recycling and the count of idle lanes look for `ready`.
 *
 * Guarantees:
 * - A lane has one holder at most, and its holder is told once that the lane is gone, or gives it back; whichever is
 *   first removes the lease, and the other has no effect.
 * - As many lanes as the option `maxSessions` leaves stay with plain calls, also while lanes are lost.
 */
import { LaneLostError, type OffthreadError } from '../../errors.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { CallSource } from '../call-source.js';
import type { CallbackRouter } from '../host-functions/callback-router.js';
import type { JobLane } from '../job.js';
import type { LaneSet } from './lane-set.js';
import type { Recycler } from './recycling.js';

/** What a lane is leased to. */
export interface LeaseHolder {
  /** Whether the lane is given back as soon as its calls have ended. */
  readonly closing: boolean;
  /** The lane is gone. */
  lost(cause: OffthreadError): void;
}

interface LeaseParts {
  readonly lanes: LaneSet;
  readonly callbacks: CallbackRouter;
  readonly recycler: Recycler;
  readonly source: CallSource;
}

export class Leases {
  readonly #kept: number;
  readonly #parts: LeaseParts;
  readonly #holders = new Map<JobLane, LeaseHolder>();
  /** Why lanes were given up. */
  readonly #causes = new WeakMap<JobLane, OffthreadError>();

  constructor({ lanes, maxSessions }: PoolSettings, parts: LeaseParts) {
    this.#kept = lanes - maxSessions;
    this.#parts = parts;
  }

  /** Number of leased lanes. */
  get count(): number {
    return this.#holders.size;
  }

  /** The leased lanes. */
  get lanes(): JobLane[] {
    return [...this.#holders.keys()];
  }

  /** Whether another lane may be leased, once one is idle. */
  get mayTake(): boolean {
    return this.#holders.size < this.#parts.lanes.wanted - this.#kept;
  }

  has(lane: JobLane): boolean {
    return this.#holders.has(lane);
  }

  /** Whether a leased lane will be given back without the code of its user. */
  closing(lane: JobLane): boolean {
    return this.#holders.get(lane)?.closing === true;
  }

  /** Leases the idle lane that was not used for the longest time: the others are warm. @returns null without an idle lane. */
  take<H extends LeaseHolder>(holderOf: (lane: JobLane) => H): H | null {
    if (!this.mayTake) return null;
    let idle: JobLane | null = null;
    for (const lane of this.#parts.lanes.active) {
      if (lane.status !== 'ready' || lane.opening !== null || lane.ring.occupied !== 0) continue;
      if (idle === null || lane.lastUsed < idle.lastUsed) idle = lane;
    }
    if (idle === null) return null;
    idle.status = 'leased';
    idle.exclusive = false;
    const holder = holderOf(idle);
    this.#holders.set(idle, holder);
    return holder;
  }

  /** The session of a lane has ended. */
  release(lane: JobLane): void {
    const { callbacks, recycler, source } = this.#parts;
    if (!this.#holders.delete(lane)) return;
    callbacks.released(lane);
    if (lane.keepsValues) {
      lane.keepsValues = false;
      lane.ring.externalMemory.post({ kind: 'release', id: 0 }, []);
      lane.rouse();
    }
    if (lane.status === 'leased') {
      lane.status = 'ready';
      recycler.recycle(lane);
    }
    source.pump();
  }

  /** A leased lane was given up: it may come back. @param cause the error of the call that did not stop. */
  givenUp(lane: JobLane, cause: OffthreadError | undefined): void {
    if (cause !== undefined) this.#causes.set(lane, cause);
  }

  /** A lane is gone. @returns its holder, which is to be told once the calls that the lane had started are settled. */
  remove(lane: JobLane): LeaseHolder | null {
    const holder = this.#holders.get(lane) ?? null;
    this.#holders.delete(lane);
    return holder;
  }

  /** A lane that was given up does not come back to its session. */
  abandoned(lane: JobLane): void {
    const cause = this.#causes.get(lane) ?? new LaneLostError(`Lane ${lane.name} was given up.`);
    this.remove(lane)?.lost(cause);
  }
}
