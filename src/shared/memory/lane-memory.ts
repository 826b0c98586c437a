/** Views of one lane's shared memory: the same class on the host and in the lane. */
import { channelStart, memoryBytes } from './channel.js';
import { type LaneSize, ROW_DOUBLES, ROW_WORDS, HEADER_BYTES } from './layout.js';

const FIRST_ROW_WORD = HEADER_BYTES / 4;
const FIRST_ROW_DOUBLE = HEADER_BYTES / 8;

export class LaneMemory {
  /** Shared among threads, or mapped by two processes. */
  readonly buffer: ArrayBufferLike;
  readonly size: LaneSize;
  /** Turns a sequence number into a row: `sequence & mask`. */
  readonly mask: number;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly bytes: Buffer;
  readonly data: DataView;
  /** Index of the channel's first Int32 word. */
  readonly channel: number;

  constructor(size: LaneSize, buffer: ArrayBufferLike = new SharedArrayBuffer(memoryBytes(size))) {
    this.buffer = buffer;
    this.size = size;
    this.mask = size.rows - 1;
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.bytes = Buffer.from(buffer);
    this.data = new DataView(buffer);
    this.channel = channelStart(size) / 4;
  }

  /** Index of the row's first Int32 word. */
  rowWord(sequence: number): number {
    return FIRST_ROW_WORD + (sequence & this.mask) * ROW_WORDS;
  }

  /** Index of the row's first 8-byte field. */
  rowDouble(sequence: number): number {
    return FIRST_ROW_DOUBLE + (sequence & this.mask) * ROW_DOUBLES;
  }
}
