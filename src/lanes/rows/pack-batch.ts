/** Writes a batch into a lane's memory: the items into a block, and the position of the block into the payload. */
import { Math } from '../../builtins.js';
import { HeldBytes } from '../../declare/values/held-bytes.js';
import { NOTHING_LENT, batchViews, lentBits } from '../../shared/memory/batch-layout.js';
import { blocksStart } from '../../shared/memory/channel.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { BATCH_BLOCKS, type LaneSize } from '../../shared/memory/layout.js';
import type { Arena } from '../memory/arena.js';
import { NO_ROOM } from './pack.js';
import type { TicketItems } from './ticket.js';

/** Bytes of the payload: the number of items, the position of their block, and the lent columns. */
const PAYLOAD_BYTES = 24;

/** The blocks of a lane, allocated and released in the order of the rows. */
export class Blocks {
  readonly #start: number;
  readonly #bytes: number;
  #taken = 0;
  #next = 0;

  constructor(size: LaneSize) {
    this.#start = blocksStart(size);
    this.#bytes = size.batchBytes;
  }

  get full(): boolean {
    return this.#taken === BATCH_BLOCKS;
  }

  /** Byte offset of a free block. Only if not {@link full}. */
  take(): number {
    const offset = this.#start + this.#next * this.#bytes;
    this.#taken += 1;
    this.#next = (this.#next + 1) % BATCH_BLOCKS;
    return offset;
  }

  /** Undoes the last {@link take}. */
  undo(): void {
    this.#taken -= 1;
    this.#next = (this.#next + BATCH_BLOCKS - 1) % BATCH_BLOCKS;
  }

  /** Releases the oldest block. */
  give(): void {
    this.#taken = Math.max(0, this.#taken - 1);
  }
}

/**
 * @param externals receives the bytes of the columns that are lent.
 * @param lends whether the lane works on the caller's own shared memory.
 * @returns byte offset of the payload, or {@link NO_ROOM}; nothing is allocated then.
 * @throws the error of items that cannot be written; nothing is allocated then either.
 */
export function packBatch(
  memory: LaneMemory,
  arena: Arena,
  blocks: Blocks,
  items: TicketItems,
  externals: HeldBytes[],
  lends: boolean,
): number {
  if (blocks.full) return NO_ROOM;
  const { plan, count } = items;
  const lent = lends ? items.lent : NOTHING_LENT;
  const payload = arena.allocate(PAYLOAD_BYTES);
  if (payload === NO_ROOM) return NO_ROOM;
  const offset = blocks.take();
  memory.f64[payload / 8] = count;
  memory.f64[payload / 8 + 1] = offset;
  memory.f64[payload / 8 + 2] = lentBits(lent);
  for (const column of lent) {
    if (column === undefined) continue;
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    externals.push(new HeldBytes(bytes).hold());
  }
  try {
    items.write(batchViews(plan, memory.buffer, offset, count, lent));
  } catch (error) {
    blocks.undo();
    arena.undo();
    throw error;
  }
  return payload;
}
