/** Whether a pool's threads hold up the end of the process: what `process-exit.ts` asks of each pool. */
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

  /** @returns false while a thread of the pool may be in native code, or be called by it. */
  leave(): boolean {
    if (this.holdsProcess() || this.hearsThreads()) return false;
    unwatchExit(this);
    return true;
  }

  holdsProcess(): boolean {
    if (!this.#threads) return false;
    const { active, lost, ending } = this.#lanes;
    // A thread that is still loading an engine must not be ended either: that aborts the process.
    const inside = (lane: JobLane): boolean => lane.status === 'starting' || lane.ring.remaining !== 0;
    return active.some(inside) || ending.some(inside) || lost.length > 0 || this.#interrupter.busy;
  }

  hearsThreads(): boolean {
    if (!this.#threads) return false;
    const { active, lost, ending } = this.#lanes;
    // Also before the first such call: it may come in the midst of the end.
    return [...active, ...lost, ...ending].some(
      ({ keepsCallbacks, channel }) => keepsCallbacks || channel.threaded,
    );
  }
}
