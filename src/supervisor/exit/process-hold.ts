/** A pool's part in `process-exit.ts`: whether its threads hold up the end of the process. */
import type { PoolSettings } from '../../options/pool-options.js';
import type { JobLane } from '../job.js';
import type { Interrupter } from '../watchdog/interrupter.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import { type Holder, unwatchExit, watchExit } from './process-exit.js';

export class ProcessHold implements Holder {
  readonly #threads: boolean;
  readonly #lanes: LaneSet;
  readonly #interrupter: Interrupter;

  constructor(isolation: PoolSettings['isolation'], lanes: LaneSet, interrupter: Interrupter) {
    this.#threads = isolation === 'thread';
    this.#lanes = lanes;
    this.#interrupter = interrupter;
  }

  enter(): void {
    watchExit(this);
  }

  /** @returns false while a thread of the pool may be in native code, or native code may call it. */
  leave(): boolean {
    if (this.holdsProcess() || this.hearsThreads()) return false;
    unwatchExit(this);
    return true;
  }

  holdsProcess(): boolean {
    if (!this.#threads) return false;
    const { active, lost, ending } = this.#lanes;
    // Ending a thread that is loading an engine aborts the process, too.
    const inside = (lane: JobLane): boolean => lane.status === 'starting' || lane.ring.remaining !== 0;
    return active.some(inside) || ending.some(inside) || lost.length > 0 || this.#interrupter.busy;
  }

  hearsThreads(): boolean {
    if (!this.#threads) return false;
    const { active, lost, ending } = this.#lanes;
    // Also before the first such call, which may come while the process ends. Nor does every add-on survive that its
    // thread is terminated.
    return [...active, ...lost, ...ending].some(
      ({ keepsCallbacks, channel, hasAddons }) => keepsCallbacks || channel.threaded || hasAddons,
    );
  }
}
