/**
 * The data that native code passes to a callback, as a record of a pipe.
 *
 *   header   size, kind, generation, row, target, request
 *   payload  the callback's arguments, each a multiple of 8 bytes:
 *              a value     8 bytes
 *              a cstring   length (or {@link ABSENT}), then UTF-8
 *              bytes       length, then the bytes
 *              cstrings    count, then as many cstrings
 *              pointers    count, then 8 bytes each
 *
 * A payload too large for the pipe goes by message port, in the same order; a
 * large chunk of a thread lane is in a buffer that the host has granted. The
 * record then has only the header.
 */
import type { CallbackParamSpec, ChunksSpec, Scalar } from '../../declare/spec.js';

/** Header of a record: index of each Int32 word. Word 0, the size, is the pipe's. */
export const RecordWord = {
  KIND: 1,
  /** Generation of the call during which native code called back. */
  GENERATION: 2,
  /** That call's row. */
  SEQUENCE: 3,
  /** Which callback: an index into the function's parameters, or minus the id of a persistent one. */
  TARGET: 4,
  /** Number of the reply; 0 if native code does not wait for one. */
  REQUEST: 5,
  /** Of a chunk, in place of TARGET: its bytes, if it is in a granted buffer. */
  LENGTH: 4,
  /** Of a chunk, in place of REQUEST: granted buffers that the lane has passed, modulo 2^32. */
  PASSED: 5,
} as const;
export const RECORD_HEADER_BYTES = 24;

/** Bits of a record's kind. */
export const RecordKind = {
  /** The payload comes by message port. */
  BY_PORT: 1,
  /** Native code called back outside of a call. */
  NO_CALL: 2,
  /** The payload is a text that says why the arguments could not be read. */
  FAULT: 4,
  /** The chunk is in a granted buffer, the last one that the lane has passed. */
  IN_BUFFER: 8,
  /** The payload is the form of a value of a module (see `values/`), or a message with one. */
  VALUE: 16,
} as const;

/** In place of a length: the pointer is NULL. */
export const ABSENT = -1;

/** The parameters that form a chunk. */
export function chunkParams({ callback, chunk }: ChunksSpec): readonly CallbackParamSpec[] {
  const param = chunk === null ? undefined : callback.params[chunk];
  return param === undefined ? callback.params : [param];
}

/** How the 8 bytes of a scalar are written and read. */
export const Slot = { I32: 0, U32: 1, F64: 2, I64: 3, U64: 4 } as const;

const SLOTS: Readonly<Record<Scalar, number>> = {
  i8: Slot.I32,
  u8: Slot.I32,
  i16: Slot.I32,
  u16: Slot.I32,
  i32: Slot.I32,
  bool: Slot.I32,
  u32: Slot.U32,
  f32: Slot.F64,
  f64: Slot.F64,
  size: Slot.F64,
  i64: Slot.I64,
  u64: Slot.U64,
  pointer: Slot.U64,
};

/** The slot of a scalar. */
export function slotOf(type: Scalar): number {
  return SLOTS[type];
}

/** Typed views of the memory that records are in. */
export interface RecordViews {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly bytes: Buffer;
}

/** Views of a payload that goes by message port. @param buffer of a multiple of 8 bytes. */
export function viewsOf(buffer: ArrayBuffer): RecordViews {
  return {
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f64: new Float64Array(buffer),
    i64: new BigInt64Array(buffer),
    u64: new BigUint64Array(buffer),
    bytes: Buffer.from(buffer),
  };
}

/** Rounds up to a multiple of 8. */
export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}
