/** What the threads of a race do. Not a test: the entry of a worker. */
import { MessageChannel, parentPort, workerData } from 'node:worker_threads';
import { IdSource } from '../../../src/shared/memory/ids.js';
import { Header, type LaneSize, RowWord } from '../../../src/shared/memory/layout.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import {
  State,
  finish,
  generationIn,
  generationOf,
  stateIn,
  transition,
} from '../../../src/shared/memory/states.js';
import { ThreadLink } from '../../../workers/lane-link.js';
import { LaneRuntime } from '../../../workers/lane-runtime.js';

/** A lane's memory, and what the threads of a race agree on. */
export interface RaceTable {
  readonly memory: ArrayBufferLike;
  readonly size: LaneSize;
  /** Sequence number and id of round 0; each round has the next of both. */
  readonly first: number;
  readonly firstId: number;
  readonly rounds: number;
  /** Times that each round's call was ended. */
  readonly endings: Int32Array;
}

export type RaceTask =
  /** Takes ids as fast as it can, into `ids`. */
  | { readonly kind: 'ids'; readonly counter: Int32Array; readonly ids: Float64Array }
  /** The lane: runs every row in order. */
  | { readonly kind: 'lane'; readonly table: RaceTable }
  /** Tries changes on the rows in the ring, and on calls that had them before, until the lane is through. */
  | {
      readonly kind: 'meddler';
      readonly table: RaceTable;
      readonly moves: readonly (readonly [State, State])[];
    }
  /** Publishes 1 to `rounds`, one after the other as each has been seen, and rings as lanes do. */
  | {
      readonly kind: 'ringer';
      readonly bell: SharedArrayBuffer;
      readonly words: Int32Array;
      readonly rounds: number;
    };

/** Words of a ringer: what it published, what the host has seen. */
export const Ring = { PUBLISHED: 0, SEEN: 16 } as const;

/** Looks at a word before a thread waits for it. */
const LOOKS = 200;

/** @returns how many blocks it took. */
function takeIds({ counter, ids }: Extract<RaceTask, { kind: 'ids' }>): number {
  let source = new IdSource(counter);
  let blocks = 1;
  for (let index = 0; index < ids.length; index += 1) {
    // A new source takes a new block: that is where threads meet.
    if (index % 4 === 3) {
      source = new IdSource(counter);
      blocks += 1;
    }
    ids[index] = source.take();
  }
  return blocks;
}

/** @returns how many rows it ended itself. */
function runLane({ table }: Extract<RaceTask, { kind: 'lane' }>): number {
  const memory = new LaneMemory(table.size, table.memory);
  const { i32 } = memory;
  let ended = 0;
  for (let round = 0; round < table.rounds; round += 1) {
    const sequence = (table.first + round) | 0;
    // Looks for a while, then leaves the core to the others: on a busy machine it may be the only one.
    for (let look = 0; Atomics.load(i32, Header.TAIL) === sequence; look += 1) {
      if (look > LOOKS) Atomics.wait(i32, Header.TAIL, sequence, 1);
    }
    const index = memory.rowWord(sequence) + RowWord.STATE;
    const generation = generationOf(table.firstId + round);
    const found = Atomics.load(i32, index);
    if (generationIn(found) !== generation) throw new Error(`round ${round} met ${generationIn(found)}`);
    if (stateIn(found) === State.queued && transition(i32, index, generation, State.queued, State.running)) {
      for (let work = round % 64; work > 0; work -= 1) Atomics.load(i32, index);
      const won = finish(i32, index, generation, round % 2 === 0);
      if (won) {
        ended += 1;
        Atomics.add(table.endings, round, 1);
      }
    }
    Atomics.store(i32, Header.HEAD, (sequence + 1) | 0);
  }
  return ended;
}

/** @returns how many calls it ended. */
function meddle({ table, moves }: Extract<RaceTask, { kind: 'meddler' }>): number {
  const memory = new LaneMemory(table.size, table.memory);
  const { i32 } = memory;
  const { rows } = table.size;
  let ended = 0;
  let step = 0;
  let seen = 0;
  let idle = 0;
  for (;;) {
    const head = Atomics.load(i32, Header.HEAD);
    const at = (head - table.first) | 0;
    if (at >= table.rounds) return ended;
    step += 1;
    idle = at === seen ? idle + 1 : 0;
    if (idle > LOOKS) Atomics.wait(i32, Header.HEAD, head, 1);
    seen = at;
    // Mostly the row that the lane is on or about to take; sometimes a call that had the row a lap ago.
    const round = at + (step % 5) - 1 - (step % 11 === 0 ? rows : 0);
    if (round < 0 || round >= table.rounds) continue;
    const index = memory.rowWord((table.first + round) | 0) + RowWord.STATE;
    for (const [from, to] of moves) {
      if (!transition(i32, index, generationOf(table.firstId + round), from, to)) continue;
      if (to === State.cancelling || to === State.timingOut) continue;
      ended += 1;
      Atomics.add(table.endings, round, 1);
    }
  }
}

/** @returns how often it rang without being waited for. */
function ringBell({ bell, words, rounds }: Extract<RaceTask, { kind: 'ringer' }>): number {
  const size: LaneSize = { rows: 2, arenaBytes: 64, chunkBytes: 0, batchBytes: 0 };
  const { port1 } = new MessageChannel();
  const memory = new LaneMemory(size);
  const settings = { clockOrigin: 0, spinUs: 0, stackBytes: 0 };
  const runtime = new LaneRuntime(memory, settings, new ThreadLink(memory, { bell, data: port1 }));
  for (let round = 1; round <= rounds; round += 1) {
    Atomics.store(words, Ring.PUBLISHED, round);
    // Rings the bell, as a lane does after every result.
    void runtime.announce();
    if (round % 3 === 0) while (Atomics.load(words, Ring.SEEN) < round);
    else Atomics.wait(words, Ring.SEEN, round - 1);
  }
  port1.close();
  return 0;
}

function run(task: RaceTask): number {
  switch (task.kind) {
    case 'ids':
      return takeIds(task);
    case 'lane':
      return runLane(task);
    case 'meddler':
      return meddle(task);
    case 'ringer':
      return ringBell(task);
  }
}

if (parentPort !== null) {
  const { task, line } = workerData as { task: RaceTask; line: Int32Array };
  Atomics.add(line, 0, 1);
  Atomics.notify(line, 0);
  Atomics.wait(line, 1, 0);
  parentPort.postMessage(run(task));
}
