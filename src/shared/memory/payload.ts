/**
 * The payload of a call: what lies in the arena for it.
 *
 *   cells   8 bytes for each native parameter, in order. A value itself; or the
 *           storage that an out or inout parameter points to; or, for strings
 *           and bytes, where they are (see {@link NULL_CELL}).
 *   texts   an area for each text that comes back: its length, then its bytes.
 *   left out  a bit for each optional parameter that the caller leaves out.
 *   structs the bytes of each struct that is passed or returned by value.
 *   data    short strings and bytes of this call, placed by the host.
 *
 * Cells, texts and structs have fixed places for a function, so both sides compute them
 * once, from its spec.
 */
import { Math } from '../../builtins.js';
import type { FunctionSpec, ParamSpec, Scalar } from '../../declare/spec.js';

/** How a cell is written and read: what a loop over parameters switches on. */
export const Op = {
  I32: 0,
  U32: 1,
  F64: 2,
  I64: 3,
  U64: 4,
  CSTRING: 5,
  BUFFER: 6,
  OUT: 7,
  OUT_TEXT: 8,
  INOUT: 9,
  CANCEL_FLAG: 10,
  PROGRESS: 11,
  CALLBACK: 12,
  CHUNKS: 13,
  CANCEL_PROBE: 14,
  CSTRINGS: 16,
  OPTIONAL_OUT: 17,
  OPTIONAL_INOUT: 18,
  STRUCT: 15,
} as const;

const scalarOps: Readonly<Record<Scalar, number>> = {
  i8: Op.I32,
  u8: Op.I32,
  i16: Op.I32,
  u16: Op.I32,
  i32: Op.I32,
  bool: Op.I32,
  u32: Op.U32,
  f32: Op.F64,
  f64: Op.F64,
  size: Op.F64,
  i64: Op.I64,
  u64: Op.U64,
  pointer: Op.U64,
};

/** A string or buffer cell holds a double: an offset into the memory, or one of these. */
export const NULL_CELL = -1;
/** From here on a cell is an offset in the file of live bytes (see `live-bytes.ts`). */
export const FIRST_LIVE: number = 2 ** 48;
/** From here on a cell is an address in the lane's process. Addresses are below 2^52, so the sum is exact. */
export const FIRST_ADDRESS: number = 2 ** 52;

/** In the cell of a callback: NULL; a function of this call; else the id of a persistent one. */
export const NO_FUNCTION = 0;
export const OWN_FUNCTION = -1;

/** Bytes of a text area: an int32 length, padding, then the text in UTF-8. */
export const TEXT_AREA = 256;
export const TEXT_HEADER = 8;
export const TEXT_CAPACITY: number = TEXT_AREA - TEXT_HEADER;
/** In place of a length: the text is NULL. */
export const TEXT_NULL = -1;
/** In place of a length: the text comes by message port. */
export const TEXT_ELSEWHERE = -2;

/** Fixed places in the payload of one function. */
export interface PayloadPlan {
  /** An {@link Op} for each native parameter. */
  readonly ops: Uint8Array;
  /** Return value: an op, or -1 for void and text. */
  readonly returnOp: number;
  /** Byte offset of each text area from the payload's start: returned text, out texts in order, last error. */
  readonly returnText: number;
  readonly outTexts: readonly number[];
  readonly lastError: number;
  /** Byte offset of the int32 with a bit for each parameter that is left out, or {@link NO_TEXT} where none can be. */
  readonly leftOut: number;
  /** Byte offset of the bytes of a struct by value, by the index of its parameter; or {@link NO_TEXT}. */
  readonly structs: readonly number[];
  readonly returnStruct: number;
  /** Bytes of cells and texts together: a multiple of 16. */
  readonly fixedBytes: number;
  /** Byte offset of the double with the stream's high-water mark (0: no stream), or {@link NO_TEXT} where there can be none. */
  readonly stream: number;
  /** Whether a call may bring strings or bytes. */
  readonly hasData: boolean;
  /** Whether a call may bring arrays of strings. */
  readonly hasTextLists: boolean;
  /** Whether native code may call back. */
  readonly hasCallbacks: boolean;
}

/** Whether a parameter is left out, by the bits of {@link PayloadPlan.leftOut}. A function has at most 32 parameters. */
export function isLeftOut(bits: number, index: number): boolean {
  return (bits & (1 << index)) !== 0;
}

/** Absent text area. */
export const NO_TEXT = -1;

function opOf(param: ParamSpec): number {
  switch (param.kind) {
    case 'value':
      return scalarOps[param.type];
    case 'cstring':
      return Op.CSTRING;
    case 'buffer':
      return Op.BUFFER;
    case 'cstrings':
      return Op.CSTRINGS;
    case 'out':
      return param.optional ? Op.OPTIONAL_OUT : Op.OUT;
    case 'outText':
      return param.optional ? Op.OPTIONAL_OUT : Op.OUT_TEXT;
    case 'inout':
      return param.optional ? Op.OPTIONAL_INOUT : Op.INOUT;
    case 'cancelFlag':
      return Op.CANCEL_FLAG;
    case 'progress':
      return Op.PROGRESS;
    case 'callback':
      return Op.CALLBACK;
    case 'chunks':
      return Op.CHUNKS;
    case 'cancelProbe':
      return Op.CANCEL_PROBE;
    case 'struct':
      return Op.STRUCT;
  }
}

/** Computes the fixed places for a function. */
export function planPayload(spec: FunctionSpec): PayloadPlan {
  const ops = Uint8Array.from(spec.params, opOf);
  const stream = spec.stream === null ? NO_TEXT : ops.length * 8;
  let at = Math.ceil(((ops.length + (stream === NO_TEXT ? 0 : 1)) * 8) / 16) * 16;
  const textArea = (): number => {
    at += TEXT_AREA;
    return at - TEXT_AREA;
  };
  const structArea = ({ size }: { readonly size: number }): number => {
    const offset = at;
    at += Math.ceil(size / 16) * 16;
    return offset;
  };
  const returnText = spec.returns.kind === 'text' ? textArea() : NO_TEXT;
  const outTexts = spec.params.filter((param) => param.kind === 'outText').map(textArea);
  const lastError = spec.lastError === null ? NO_TEXT : textArea();
  const leftOut = ops.some((op) => op === Op.OPTIONAL_OUT || op === Op.OPTIONAL_INOUT) ? at : NO_TEXT;
  if (leftOut !== NO_TEXT) at += 16;
  const structs = spec.params.map((param) => (param.kind === 'struct' ? structArea(param.layout) : NO_TEXT));
  const returnStruct = spec.returns.kind === 'struct' ? structArea(spec.returns.layout) : NO_TEXT;
  return {
    ops,
    returnOp: spec.returns.kind === 'value' ? scalarOps[spec.returns.type] : -1,
    returnText,
    outTexts,
    lastError,
    leftOut,
    structs,
    returnStruct,
    stream,
    fixedBytes: Math.max(at, 16),
    hasData: ops.some((op) => op === Op.CSTRING || op === Op.BUFFER || op === Op.CSTRINGS),
    hasTextLists: ops.includes(Op.CSTRINGS),
    hasCallbacks: spec.stream !== null || ops.some((op) => op >= Op.CALLBACK && op <= Op.CANCEL_PROBE),
  };
}
