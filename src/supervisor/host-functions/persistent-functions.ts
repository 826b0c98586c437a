/**
 * The persistent callbacks that lanes of a pool have been given. Native code
 * may call them at any time, so they live here until they are closed, or until
 * the pool has ended: no longer, whatever else refers to them.
 */
import { type PersistentCallback, isPersistent } from '../../declare/language/persistent.js';
import type { HostFunctionSpec } from '../../declare/spec.js';
import { persistentId } from '../../lanes/rows/persistent-ids.js';
import type { Job, JobLane } from '../job.js';

/** A persistent callback as some parameter declares it. */
export interface Persistent {
  readonly callback: PersistentCallback;
  readonly param: HostFunctionSpec;
  /** The lanes that know it. */
  readonly lanes: Set<JobLane>;
}

export class Persistents {
  readonly #known = new Map<number, Persistent>();

  /** Whether native code may call one although no call runs. */
  get any(): boolean {
    return this.#known.size > 0;
  }

  get(id: number): Persistent | undefined {
    return this.#known.get(id);
  }

  /** A call is in a lane. @returns whether it has brought persistent callbacks. */
  given(job: Job, lane: JobLane): boolean {
    const { callerArguments, spec } = job.fn.compiled;
    let any = false;
    job.args.forEach((value, index) => {
      const param = spec.params[callerArguments.positions[index] as number];
      if (param?.kind !== 'callback' || !isPersistent(value)) return;
      any = true;
      this.#keep(persistentId(value, param), value, param).lanes.add(lane);
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
      persistent = { callback, param, lanes: new Set() };
      this.#known.set(id, persistent);
      // A callback may outlive many pools.
      const self = new WeakRef(this);
      callback.whenClosed(() => self.deref()?.closed(id));
    }
    for (const lane of persistent.lanes) if (lane.status === 'ended') persistent.lanes.delete(lane);
    return persistent;
  }

  /** A callback has been closed: the lanes that know it use its place again. */
  closed(id: number): void {
    for (const lane of this.#known.get(id)?.lanes ?? []) {
      if (lane.status !== 'ended') lane.announce({ kind: 'close-callback', id });
    }
    this.#known.delete(id);
  }
}
