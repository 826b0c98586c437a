/**
 * Ends lanes in an orderly way. A lane comes to rest first, so that no engine is
 * being loaded when its thread ends, and its callbacks have been unregistered.
 */
import { Promise, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { all, race, whenSettled } from '../../promises.js';
import type { JobLane } from '../job.js';
import { type LaneSet, take } from './lane-set.js';
import type { Restarts } from './restarts.js';

/** ms that a lane has to come to rest before it is ended anyway. Longer for a thread, which must not be ended while it loads an engine. */
const REST_MS = { thread: 5_000, process: 500 } as const;

export class Retirement {
  readonly #lanes: LaneSet;
  readonly #restarts: Restarts<object>;
  readonly #ends = new Set<Promise<void>>();

  constructor(lanes: LaneSet, restarts: Restarts<object>) {
    this.#lanes = lanes;
    this.#restarts = restarts;
  }

  /** Retires a lane that has been removed from its list. */
  retire(lane: JobLane): void {
    this.#lanes.ending.push(lane);
    this.#restarts.gone(performance.now(), lane);
    const end = this.#end(lane);
    this.#ends.add(end);
    void whenSettled(end, () => this.#ends.delete(end));
  }

  /** Resolves when the lanes that are retired now have ended. */
  async ended(): Promise<void> {
    await all([...this.#ends]);
  }

  async #end(lane: JobLane): Promise<void> {
    const { ending } = this.#lanes;
    try {
      await within(
        REST_MS[lane.kind],
        // At rest: between calls, engines loaded, callbacks unregistered. A failure means that the lane cannot answer.
        whenSettled(lane.retire(), null, () => {}),
      );
      await lane.end();
    } finally {
      if (take(ending, lane)) this.#lanes.left(lane);
    }
  }
}

/** Resolves when a promise settles, or after `ms`. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await race([promise, patience]);
  clearTimeout(timer);
}
