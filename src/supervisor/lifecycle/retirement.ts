/**
 * Lanes on their way out. A lane is brought to rest first, so that no engine is
 * being bound when its thread ends, and callbacks have been given back.
 */
import { Promise, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { all, race, whenSettled } from '../../promises.js';
import type { JobLane } from '../job.js';
import { type LaneSet, take } from './lane-set.js';
import type { Restarts } from './restarts.js';

/** ms that a lane has to come to rest before it is ended all the same: a thread that is loading an engine must not be ended, a process may be. */
const REST_MS = { thread: 5_000, process: 500 } as const;

export class Retirement {
  readonly #lanes: LaneSet;
  readonly #restarts: Restarts<object>;
  readonly #ends = new Set<Promise<void>>();

  constructor(lanes: LaneSet, restarts: Restarts<object>) {
    this.#lanes = lanes;
    this.#restarts = restarts;
  }

  /** Leads a lane out that is in no other list any more. */
  retire(lane: JobLane): void {
    this.#lanes.ending.push(lane);
    this.#restarts.gone(performance.now(), lane);
    const end = this.#end(lane);
    this.#ends.add(end);
    void whenSettled(end, () => this.#ends.delete(end));
  }

  /** Resolves when those that are on their way out have ended. */
  async ended(): Promise<void> {
    await all([...this.#ends]);
  }

  async #end(lane: JobLane): Promise<void> {
    const { ending } = this.#lanes;
    try {
      await within(
        REST_MS[lane.kind],
        // Between calls, with its engines loaded and its callbacks given back; or it will not tell.
        whenSettled(lane.retire(), null, () => {}),
      );
      await lane.end();
    } finally {
      if (take(ending, lane)) this.#lanes.left(lane);
    }
  }
}

/** Resolves when a promise does, or when the time is over. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await race([promise, patience]);
  clearTimeout(timer);
}
