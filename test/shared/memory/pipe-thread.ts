/** The writer of the race in pipe.test.ts. Not a test: the entry of a worker. */
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import type { LaneSize } from '../../../src/shared/memory/layout.js';
import type { PipePlace } from '../../../src/shared/memory/channel.js';
import { NO_RECORD, PipeWriter } from '../../../src/shared/memory/pipe.js';
import { dice, obey } from '../thread.js';

export interface PipeTask {
  readonly memory: ArrayBufferLike;
  readonly size: LaneSize;
  readonly place: PipePlace;
  readonly rounds: number;
  readonly seed: number;
}

/** Bytes of each record of a race, in order. */
export function sizes({ place, seed }: PipeTask): () => number {
  const roll = dice(seed);
  // Mostly small ones, and now and then as large as they may be.
  return () => {
    const most = place.bytes / 2 / 8;
    return 8 * (roll(4) === 0 ? 1 + roll(most) : 1 + roll(Math.min(most, 6)));
  };
}

/** What word `index` of a record holds. */
export function wordOf(round: number, index: number): number {
  return (Math.imul(round + 1, 0x9e37_79b1) ^ Math.imul(index, 0x85eb_ca6b)) | 0;
}

/** @returns how often there was no room. */
function write(task: PipeTask): number {
  const memory = new LaneMemory(task.size, task.memory);
  const { i32 } = memory;
  const pipe = new PipeWriter(memory, task.place);
  const next = sizes(task);
  let full = 0;
  for (let round = 0; round < task.rounds; round += 1) {
    const bytes = next();
    let at = NO_RECORD;
    for (let look = 0; ; look += 1) {
      const read = Atomics.load(i32, task.place.read);
      at = pipe.reserve(bytes);
      if (at !== NO_RECORD) break;
      if (look === 0) full += 1;
      // Looks for a while, then leaves the core to the reader.
      if (look > 500) Atomics.wait(i32, task.place.read, read, 1);
    }
    for (let index = 1; index < bytes / 4; index += 1) i32[at / 4 + index] = wordOf(round, index);
    pipe.commit();
    Atomics.notify(i32, task.place.write);
  }
  return full;
}

obey(write);
