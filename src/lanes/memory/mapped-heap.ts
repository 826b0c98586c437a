/**
 * Memory out of a mapped file that grows, given out in pieces of few sizes and
 * used again and again.
 *
 * Guarantees:
 * - Bytes that are given out exist: a file that cannot grow is an error here,
 *   not the end of the process when they are touched.
 * - A piece is given out again only after `give`.
 * - Of what has been given back, at most `KEPT_BYTES` keep their memory.
 */
import { Math } from '../../builtins.js';
import type { MappedFile, System } from '../../engines/system/system-calls.js';

/** Smallest piece, in bytes: two pages. Above `LARGE`, pieces are multiples of it. */
const LEAST = 8_192;
const LARGE = 16 * 1024 * 1024;
const KEPT_BYTES = 2 * LARGE;

interface Piece {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
  /** Whether its memory is there: it may have been given back to the system. */
  present: boolean;
}

export class MappedHeap {
  readonly #system: System;
  readonly #file: MappedFile;
  readonly #free = new Map<number, Piece[]>();
  readonly #pieces = new WeakMap<ArrayBufferLike, Piece>();
  readonly #start: number;
  /** Where the file has not been used yet. */
  #end: number;
  #kept = 0;

  /** @param from byte offset from which the file is this heap's. */
  constructor(system: System, file: MappedFile, from: number) {
    this.#system = system;
    this.#file = file;
    this.#start = Math.ceil(from / LEAST) * LEAST;
    this.#end = this.#start;
  }

  /** @returns a piece of at least so many bytes. @throws EngineError OFFTHREAD_NO_SHARED_MEMORY */
  take(bytes: number): ArrayBuffer {
    const size = sizeFor(bytes);
    const used = this.#free.get(size)?.pop();
    if (used !== undefined) {
      if (used.present) this.#kept -= size;
      else this.#system.allocate(this.#file, used.offset, size);
      used.present = true;
      return used.buffer;
    }
    const offset = this.#end;
    this.#system.allocate(this.#file, offset, size);
    this.#end += size;
    const piece = { buffer: this.#system.view(this.#file, offset, size), offset, present: true };
    this.#pieces.set(piece.buffer, piece);
    return piece.buffer;
  }

  /** Byte offset of a piece in the file; undefined for what is none of this heap's. */
  offsetOf(buffer: ArrayBufferLike): number | undefined {
    return this.#pieces.get(buffer)?.offset;
  }

  /** The first bytes of a piece, as a buffer of its own. */
  viewOf(piece: ArrayBuffer, bytes: number): ArrayBuffer {
    return this.#system.view(this.#file, this.offsetOf(piece) as number, bytes);
  }

  /** A piece is no longer used. */
  give(buffer: ArrayBufferLike): void {
    const piece = this.#pieces.get(buffer);
    if (piece === undefined) return;
    const size = buffer.byteLength;
    if (this.#kept > 0 && this.#kept + size > KEPT_BYTES) {
      this.#system.discard(this.#file, piece.offset, size);
      piece.present = false;
    } else this.#kept += size;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [piece]);
    else free.push(piece);
  }

  /** Gives the memory of everything back to the system: it is not accessed again. */
  discard(): void {
    if (this.#end > this.#start) this.#system.discard(this.#file, this.#start, this.#end - this.#start);
  }
}

function sizeFor(bytes: number): number {
  if (bytes > LARGE) return Math.ceil(bytes / LARGE) * LARGE;
  return Math.max(LEAST, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))));
}
