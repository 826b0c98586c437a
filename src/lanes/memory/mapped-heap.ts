/**
 * Allocates pieces of a growing mapped file, in few sizes, and reuses them.
 *
 * Guarantees:
 * - Allocated bytes are backed by memory: a file that cannot grow is an error here, instead of a SIGBUS when the bytes
 *   are touched.
 * - A piece is reused only after `give`.
 * - At most `KEPT_BYTES` of free pieces keep their memory.
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
  /** Whether the piece is backed by memory: it may have been returned to the system. */
  present: boolean;
}

export class MappedHeap {
  readonly #system: System;
  readonly #file: MappedFile;
  readonly #free = new Map<number, Piece[]>();
  readonly #pieces = new WeakMap<ArrayBufferLike, Piece>();
  readonly #start: number;
  /** Byte offset of the unused rest of the file. */
  #end: number;
  #kept = 0;

  /** @param from byte offset in the file at which this heap starts. */
  constructor(system: System, file: MappedFile, from: number) {
    this.#system = system;
    this.#file = file;
    this.#start = Math.ceil(from / LEAST) * LEAST;
    this.#end = this.#start;
  }

  /** @returns a piece of at least `bytes` bytes. @throws EngineError OFFTHREAD_NO_SHARED_MEMORY */
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

  /** Byte offset of a piece in the file; undefined for a buffer that is not from this heap. */
  offsetOf(buffer: ArrayBufferLike): number | undefined {
    return this.#pieces.get(buffer)?.offset;
  }

  /** The first bytes of a piece, as a separate buffer. */
  viewOf(piece: ArrayBuffer, bytes: number): ArrayBuffer {
    return this.#system.view(this.#file, this.offsetOf(piece) as number, bytes);
  }

  /** Releases a piece. */
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

  /** Returns all memory to the system. It must not be accessed again. */
  discard(): void {
    if (this.#end > this.#start) this.#system.discard(this.#file, this.#start, this.#end - this.#start);
  }
}

function sizeFor(bytes: number): number {
  if (bytes > LARGE) return Math.ceil(bytes / LARGE) * LARGE;
  return Math.max(LEAST, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))));
}
