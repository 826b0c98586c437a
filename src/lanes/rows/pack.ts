/**
 * Writes a call's checked arguments into a lane's memory.
 *
 * Short strings and bytes are copied into the arena. Larger ones are copied into external memory (see
 * `external-memory.ts`); a thread lane is given the address of shared memory, and of copies that a waiting call has
 * already. For live bytes, the cell has their offset. Values were checked when the call was made; buffers are checked
 * again, because they may have been detached while the call was queued.
 */
import { Math } from '../../builtins.js';
import { ArgumentError } from '../../errors.js';
import { bufferOf, bytesOf, isShared, isUsableBytes } from '../../declare/values/bytes.js';
import { HeldBytes } from '../../declare/values/held-bytes.js';
import { TextBlock } from '../../declare/values/text-list.js';
import { liveOffset } from '../../declare/language/live.js';
import { isPersistent } from '../../declare/language/persistent.js';
import type { HostFunctionSpec, ParamSpec } from '../../declare/spec.js';
import { writeCell, type ScalarValue } from '../../declare/memory/cells.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { Header } from '../../shared/memory/layout.js';
import {
  FIRST_ADDRESS,
  FIRST_LIVE,
  NO_FUNCTION,
  NO_TEXT,
  NULL_CELL,
  OWN_FUNCTION,
  Op,
} from '../../shared/memory/payload.js';
import type { Arena } from '../memory/arena.js';
import type { DeclaredFunction } from './declared-function.js';
import { liveAddress } from '../memory/live-bytes.js';
import type { ExternalMemory } from '../memory/external-memory.js';
import { persistentId } from './persistent-ids.js';

/** Maximum size, in bytes, of a string or buffer that is copied into the arena. */
export const INLINE_LIMIT = 4_096;
/** No room in the arena now. */
export const NO_ROOM = -1;

/**
 * The position of a string or buffer of a call: its byte offset in the arena, or one of the constants below. Each has
 * two numbers; the second is the length in bytes, because the caller's buffer may change during the call. Kept on the
 * host, because native code may overwrite the lane's memory.
 */
export type Place = number;
/** The value is null, an address, or live bytes, which are not copied. */
export const NOT_LENT = -1;
/** The value is the next one of those in external memory. */
export const EXTERNAL = -2;

/** Bytes that a value needs in the arena; 0 if it is not placed there. */
function inlineBytes(value: unknown): number {
  if (value === null || typeof value === 'bigint') return 0;
  if (value instanceof TextBlock) return value.bytes <= INLINE_LIMIT ? value.bytes : 0;
  // UTF-8 takes at most three bytes for each UTF-16 unit, and the NUL.
  if (typeof value === 'string') return value.length * 3 < INLINE_LIMIT ? value.length * 3 + 1 : 0;
  if (!isUsableBytes(value)) {
    throw new ArgumentError(
      'A buffer was detached, or resized to less than its view, before the call could start.',
    );
  }
  if (isShared(value) || HeldBytes.is(value)) return 0;
  const { byteLength } = bytesOf(value);
  return byteLength > INLINE_LIMIT ? 0 : byteLength;
}

const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** Places a value outside the arena. @param externals receives it, held. @returns its cell. */
function external(
  memory: LaneMemory,
  value: unknown,
  externals: HeldBytes[],
  externalMemory: ExternalMemory,
): number {
  if (value instanceof TextBlock) return externalTexts(value, externals, externalMemory);
  const live = typeof value === 'string' ? undefined : liveOffset(bufferOf(value) as ArrayBufferLike);
  if (live !== undefined) {
    // For threads; a process maps the file at another address, which it knows.
    memory.u64[Header.SHARED_BASE / 2] = liveAddress();
    return FIRST_LIVE + live + bytesOf(value).byteOffset;
  }
  const held = typeof value === 'string' ? heldText(value, externalMemory) : heldBytes(value, externalMemory);
  externals.push(held.hold());
  return externalMemory.cellOf(held);
}

/** Threads have the addresses at once; a process adds its own, since the cell is an offset (see `locate-texts.ts`). */
function externalTexts(block: TextBlock, externals: HeldBytes[], externalMemory: ExternalMemory): number {
  const held = externalMemory.take(block.bytes);
  externals.push(held.hold());
  const cell = externalMemory.cellOf(held);
  const { buffer, byteOffset } = held.bytes;
  const address = cell >= FIRST_ADDRESS ? cell - FIRST_ADDRESS : 0;
  block.write(Buffer.from(buffer, byteOffset, block.bytes), address);
  return address === 0 ? cell : cell + TextBlock.LIST;
}

function heldText(text: string, externalMemory: ExternalMemory): HeldBytes {
  const length = Buffer.byteLength(text, 'utf8');
  const held = externalMemory.take(length + 1);
  Buffer.from(held.bytes.buffer, 0, length).write(text, 'utf8');
  held.bytes[length] = 0;
  return held;
}

/** The bytes on which native code works: the value's own if it can, otherwise a copy. */
function heldBytes(value: unknown, externalMemory: ExternalMemory): HeldBytes {
  if (externalMemory.lendsShared) {
    if (HeldBytes.is(value) && value.inPlace) return value;
    if (isShared(value)) return new HeldBytes(bytesOf(value));
  }
  const bytes = bytesOf(value);
  const held = externalMemory.take(bytes.byteLength);
  held.bytes.set(bytes);
  // What native code writes is copied back there.
  return HeldBytes.is(value) ? held.holdOriginal(value) : held;
}

/** Places one string or buffer; `at` is free space in the arena. */
function placeData(memory: LaneMemory, at: number, value: unknown): void {
  if (typeof value === 'string') {
    const written = memory.bytes.write(value, at, 'utf8');
    memory.bytes[at + written] = 0;
    return;
  }
  if (value instanceof TextBlock) value.write(memory.bytes.subarray(at, at + value.bytes), 0);
  else memory.bytes.set(bytesOf(value), at);
}

/** A 64-bit integer may be given as a number. */
const toBigInt = (value: unknown): bigint => (typeof value === 'bigint' ? value : BigInt(value as number));

/**
 * Writes the payload of a call.
 * @param externals receives the bytes that are outside the arena, held.
 * @param places receives the positions of strings and bytes.
 * @returns byte offset of the payload, or {@link NO_ROOM}; nothing is allocated then.
 * @throws ArgumentError if a buffer has been detached; nothing is allocated then either.
 */
export function pack(
  memory: LaneMemory,
  arena: Arena,
  fn: DeclaredFunction,
  given: readonly unknown[],
  externals: HeldBytes[],
  externalMemory: ExternalMemory,
  places: Place[],
): number {
  const { plan } = fn;
  const args = plan.hasTextLists ? withTextBlocks(fn, given) : given;
  let dataBytes = 0;
  if (plan.hasCallbacks && args.some((value) => isPersistent(value) && value.closed)) {
    throw new ArgumentError('A persistent callback was closed before the call could start.');
  }
  if (plan.hasData) {
    for (const value of args) {
      if (
        typeof value === 'string' ||
        (typeof value === 'object' && value !== null && !isPersistent(value))
      ) {
        dataBytes += align(inlineBytes(value));
      }
    }
    // The values together are too large for the arena: all go to external memory.
    if (plan.fixedBytes + dataBytes > arena.largest) dataBytes = 0;
  }
  const payload = arena.allocate(plan.fixedBytes + dataBytes);
  if (payload < 0) return NO_ROOM;
  const { ops } = plan;
  const cell = payload / 8;
  const inline = dataBytes > 0;
  let data = payload + plan.fixedBytes;
  let next = 0;
  let leftOut = 0;
  if (plan.hasData) places.length = 0;
  for (let index = 0; index < ops.length; index += 1) {
    switch (ops[index]) {
      case Op.I32:
        memory.i32[cell * 2 + index * 2] = Number(args[next++]);
        break;
      case Op.U32:
        memory.u32[cell * 2 + index * 2] = args[next++] as number;
        break;
      case Op.F64:
        memory.f64[cell + index] = args[next++] as number;
        break;
      case Op.I64:
        memory.i64[cell + index] = toBigInt(args[next++]);
        break;
      case Op.U64:
        memory.u64[cell + index] = toBigInt(args[next++]);
        break;
      case Op.CSTRING:
      case Op.CSTRINGS:
      case Op.BUFFER: {
        const value = args[next++];
        const bytes = inline ? inlineBytes(value) : 0;
        if (value === null) {
          memory.f64[cell + index] = NULL_CELL;
          places.push(NOT_LENT, 0);
        } else if (typeof value === 'bigint') {
          memory.f64[cell + index] = value === 0n ? NULL_CELL : FIRST_ADDRESS + Number(value);
          places.push(NOT_LENT, 0);
        } else if (bytes === 0) {
          const place = external(memory, value, externals, externalMemory);
          memory.f64[cell + index] = place;
          places.push(place >= FIRST_LIVE && place < FIRST_ADDRESS ? NOT_LENT : EXTERNAL, 0);
        } else {
          placeData(memory, data, value);
          memory.f64[cell + index] = data;
          places.push(data, bytes);
          data += align(bytes);
        }
        break;
      }
      case Op.INOUT: {
        const param = fn.compiled.spec.params[index] as Extract<ParamSpec, { kind: 'inout' }>;
        memory.f64[cell + index] = 0;
        writeCell(memory.data, payload + index * 8, param.type, args[next++] as ScalarValue);
        break;
      }
      case Op.OPTIONAL_OUT:
      case Op.OPTIONAL_INOUT: {
        const value = args[next++];
        memory.f64[cell + index] = 0;
        if (value === null) leftOut |= 1 << index;
        else if (ops[index] === Op.OPTIONAL_INOUT) {
          const param = fn.compiled.spec.params[index] as Extract<ParamSpec, { kind: 'inout' }>;
          writeCell(memory.data, payload + index * 8, param.type, value as ScalarValue);
        }
        break;
      }
      case Op.STRUCT:
        memory.bytes.set(bytesOf(args[next++]), payload + (plan.structs[index] as number));
        break;
      case Op.OUT:
      case Op.OUT_TEXT:
        memory.f64[cell + index] = 0;
        break;
      case Op.CALLBACK:
        memory.f64[cell + index] = functionCell(fn.compiled.spec.params[index], args[next++]);
        break;
      default:
    }
  }
  if (plan.leftOut !== NO_TEXT) memory.i32[(payload + plan.leftOut) / 4] = leftOut;
  return payload;
}

/** Writes the cells of a call that has numbers only. */
export function packNumbers(
  memory: LaneMemory,
  payload: number,
  ops: Uint8Array,
  args: readonly unknown[],
): void {
  for (let index = 0; index < ops.length; index += 1) {
    const cell = payload / 8 + index;
    const value = args[index];
    switch (ops[index]) {
      case Op.I32:
        memory.i32[cell * 2] = typeof value === 'number' ? value : Number(value);
        break;
      case Op.U32:
        memory.u32[cell * 2] = value as number;
        break;
      case Op.F64:
        memory.f64[cell] = value as number;
        break;
      case Op.I64:
        memory.i64[cell] = toBigInt(value);
        break;
      default:
        memory.u64[cell] = toBigInt(value);
    }
  }
}

/** The arguments with arrays of strings as blocks: each array is read once. */
function withTextBlocks(fn: DeclaredFunction, args: readonly unknown[]): readonly unknown[] {
  const { positions } = fn.compiled.callerArguments;
  return args.map((value, index) => {
    const param = fn.compiled.spec.params[positions[index] as number];
    return param?.kind === 'cstrings' && Array.isArray(value)
      ? new TextBlock(value, param.count !== null)
      : value;
  });
}

/** The cell for a function that the caller passed. */
function functionCell(param: ParamSpec | undefined, value: unknown): number {
  if (value === null) return NO_FUNCTION;
  return isPersistent(value) ? persistentId(value, param as HostFunctionSpec) : OWN_FUNCTION;
}
