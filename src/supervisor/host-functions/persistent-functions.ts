/**
 * The persistent callbacks passed to lanes of a pool. Native code may call them
 * at any time, so they are kept here until they are closed or the pool has ended.
 */
import { type PersistentCallback, isPersistent } from '../../declare/language/persistent.js';
import type { HostFunctionSpec } from '../../declare/spec.js';
import { persistentId, renewPersistentId } from '../../lanes/rows/persistent-ids.js';
import type { Job, JobLane } from '../job.js';

/** A persistent callback, as declared by a parameter. */
export interface Persistent {
  readonly callback: PersistentCallback;
  readonly param: HostFunctionSpec;
  /** The lanes that have the callback. */
  readonly lanes: Set<JobLane>;
  /** Those of them that have it only while their session lasts. */
  readonly leased: Set<JobLane>;
}

export class Persistents {
  readonly #known = new Map<number, Persistent>();
  /** Callbacks that report to this pool when they are closed: once, in however many sessions they are passed. */
  readonly #hooked = new WeakSet<PersistentCallback>();

  /** Whether there are any: native code may call them while no call runs. */
  get any(): boolean {
    return this.#known.size > 0;
  }

  get(id: number): Persistent | undefined {
    return this.#known.get(id);
  }

  /** Registers the persistent callbacks of a call. @returns whether it has any. */
  given(job: Job, lane: JobLane): boolean {
    const { callerArguments, spec } = job.fn.compiled;
    let any = false;
    job.args.forEach((value, index) => {
      const param = spec.params[callerArguments.positions[index] as number];
      if (param?.kind !== 'callback' || !isPersistent(value)) return;
      any = true;
      const { lanes, leased } = this.#keep(persistentId(value, param), value, param);
      if (lane.status === 'leased' && !lanes.has(lane)) leased.add(lane);
      lanes.add(lane);
    });
    return any;
  }

  /** The pool has ended. */
  end(): void {
    this.#known.clear();
  }

  #keep(id: number, callback: PersistentCallback, param: HostFunctionSpec): Persistent {
    let persistent = this.#known.get(id);
    if (persistent === undefined) {
      persistent = { callback, param, lanes: new Set(), leased: new Set() };
      this.#known.set(id, persistent);
      this.#hook(callback);
    }
    for (const lane of persistent.lanes) if (lane.status === 'ended') persistent.lanes.delete(lane);
    return persistent;
  }

  /** A callback has been closed: its lanes reuse the slot. */
  closed(closed: PersistentCallback): void {
    for (const [id, { callback, lanes }] of this.#known) {
      if (callback !== closed) continue;
      for (const lane of lanes) giveUp(lane, id);
      this.#known.delete(id);
    }
  }

  /** The session of a lane has ended: the lane gives up the callbacks that calls of the session have passed. */
  released(lane: JobLane): void {
    for (const [id, { callback, param, lanes, leased }] of this.#known) {
      if (!leased.delete(lane)) continue;
      lanes.delete(lane);
      giveUp(lane, id);
      renewPersistentId(callback, param);
      if (lanes.size === 0) this.#known.delete(id);
    }
  }

  #hook(callback: PersistentCallback): void {
    if (this.#hooked.has(callback)) return;
    this.#hooked.add(callback);
    // Weak: a callback may outlive many pools.
    const self = new WeakRef(this);
    callback.whenClosed(() => self.deref()?.closed(callback));
  }
}

/** The lane reuses the slot. */
function giveUp(lane: JobLane, id: number): void {
  if (lane.status !== 'ended') lane.announce({ kind: 'close-callback', id });
}
