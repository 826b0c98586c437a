/**
 * A pipe of records in shared memory: one writer, one reader, no locks.
 *
 * A record starts with its size and is in one piece; where the rest of the
 * ring is too small for it, padding is left there. Positions count bytes
 * modulo 2^32, so full and empty are told apart by their distance.
 *
 * Guarantees:
 * - The reader sees a record only after all of it is in memory: the write
 *   position is stored last.
 * - The writer reuses memory only after the reader has moved past it.
 * - A record of at most half the pipe fits once the reader has taken all others.
 *
 * Each side caches the position of the other, and reads it again only when the cached one no longer suffices: otherwise
 * every record would move a cache line twice.
 */
import { Atomics, Math } from '../../builtins.js';
import type { PipePlace } from './channel.js';
import { Disorder } from '../messages/disorder.js';
import type { LaneMemory } from './lane-memory.js';

/** First word of a record: its size in bytes, a multiple of 8, or minus that for padding. */
const SIZE = 0;
/** Bytes of the shortest record. */
const LEAST_BYTES = 8;
/** No room now. */
export const NO_RECORD = -1;

const overwritten = (): Disorder => new Disorder('a position or a length in a pipe');

export class PipeWriter {
  readonly #memory: LaneMemory;
  readonly #place: PipePlace;
  #written: number;
  /** The reader's position, as last read. */
  #read: number;
  #size = 0;

  constructor(memory: LaneMemory, place: PipePlace) {
    this.#memory = memory;
    this.#place = place;
    this.#written = Atomics.load(memory.i32, place.write);
    this.#read = Atomics.load(memory.i32, place.read);
  }

  /** Bytes of the largest possible record. */
  get largest(): number {
    return this.#place.bytes / 2;
  }

  /**
   * Room for a record, its first word filled in; {@link commit} lets the reader see it.
   * @param bytes a multiple of 8, at most `largest`.
   * @returns its byte offset, or {@link NO_RECORD}.
   */
  reserve(bytes: number): number {
    const { start, bytes: capacity, read } = this.#place;
    const { i32 } = this.#memory;
    const offset = this.#written & (capacity - 1);
    const rest = capacity - offset;
    const padding = rest < bytes ? rest : 0;
    const room = capacity - padding - bytes;
    if (((this.#written - this.#read) | 0) > room) {
      this.#read = Atomics.load(i32, read);
      // The reader's position has been overwritten by native code: write nothing.
      if ((this.#written - this.#read) >>> 0 > capacity) throw overwritten();
      if (((this.#written - this.#read) | 0) > room) return NO_RECORD;
    }
    if (padding > 0) {
      i32[(start + offset) / 4 + SIZE] = -padding;
      this.#written = (this.#written + padding) | 0;
    }
    const at = start + (this.#written & (capacity - 1));
    i32[at / 4 + SIZE] = bytes;
    this.#size = bytes;
    return at;
  }

  /** Publishes the record of the last {@link reserve}. */
  commit(): void {
    this.#written = (this.#written + this.#size) | 0;
    Atomics.store(this.#memory.i32, this.#place.write, this.#written);
  }
}

export class PipeReader {
  readonly #memory: LaneMemory;
  readonly #place: PipePlace;
  #taken: number;
  /** The writer's position, as last read. */
  #written: number;
  /** Size of the oldest record, stored by `peek`: the size in the pipe may be overwritten until the record is taken. */
  #size = 0;

  constructor(memory: LaneMemory, place: PipePlace) {
    this.#memory = memory;
    this.#place = place;
    this.#taken = Atomics.load(memory.i32, place.read);
    this.#written = this.#taken;
  }

  /** Whether there is a record. */
  get isEmpty(): boolean {
    if (this.#written !== this.#taken) return false;
    this.#written = Atomics.load(this.#memory.i32, this.#place.write);
    return this.#written === this.#taken;
  }

  /** Byte offset of the oldest record, or {@link NO_RECORD}. */
  peek(): number {
    if (this.isEmpty) return NO_RECORD;
    const { start, bytes } = this.#place;
    if (this.#size === 0) {
      let size = this.#sizeThere();
      if (size < 0) {
        // Padding is published together with the record behind it.
        this.#taken = (this.#taken - size) | 0;
        size = this.#sizeThere();
      }
      if (size < LEAST_BYTES) throw overwritten();
      this.#size = size;
    }
    return start + (this.#taken & (bytes - 1));
  }

  /** Byte offset behind the record of the last {@link peek}. */
  get end(): number {
    const { start, bytes } = this.#place;
    return start + (this.#taken & (bytes - 1)) + this.#size;
  }

  /**
   * The size of the record or padding at the reader's position, from the pipe.
   * @throws Disorder if it exceeds the written bytes, because native code may have overwritten the pipe.
   */
  #sizeThere(): number {
    const { start, bytes } = this.#place;
    const offset = this.#taken & (bytes - 1);
    const size = this.#memory.i32[(start + offset) / 4 + SIZE] as number;
    const length = Math.abs(size);
    const there = (this.#written - this.#taken) | 0;
    if (length === 0 || (length & 7) !== 0 || there > bytes || length > there || offset + length > bytes) {
      throw overwritten();
    }
    return size;
  }

  /** Releases the oldest record, after {@link peek}. */
  take(): void {
    this.#taken = (this.#taken + this.#size) | 0;
    this.#size = 0;
    Atomics.store(this.#memory.i32, this.#place.read, this.#taken);
  }
}
