/**
 * Reads the payload of a record: the arguments of a callback, as JavaScript values that do not refer to the lane's
 * memory.
 */
import { markAsUntransferable } from 'node:worker_threads';
import { Math } from '../../builtins.js';
import type { CallbackParamSpec } from '../../declare/spec.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { copyOut } from '../memory/native-copy.js';
import { ABSENT, type RecordViews, Slot, align8, slotOf } from '../../shared/memory/record.js';

/**
 * Memory that small copies share, which saves an allocation for each. A reference to one copy keeps the whole slab in
 * memory.
 */
class Slab {
  readonly #bytes: number;
  #memory = Buffer.alloc(0);
  #used = 0;
  /** The memory as words. */
  words = new Int32Array(0);

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** @param length at most the size of a slab. */
  take(length: number): Buffer {
    if (this.#used + length > this.#memory.length) {
      this.#memory = Buffer.allocUnsafeSlow(this.#bytes);
      // Transferring one copy would detach all others.
      markAsUntransferable(this.#memory.buffer);
      this.words = new Int32Array(this.#memory.buffer);
      this.#used = 0;
    }
    const start = this.#used;
    // Views of 8-byte elements over a copy need its start aligned.
    this.#used += align8(length);
    return this.#memory.subarray(start, start + length);
  }
}

/** Maximum size, in bytes, of a copy in a slab. */
const TINY_BYTES = 256;
const SMALL_BYTES = 4_096;
/** As large as Node's own pool for small buffers. */
const tiny = new Slab(8_192);
const small = new Slab(32_768);

/**
 * @param end byte offset behind the payload: a length that leads beyond it has been overwritten.
 * @param shared whether the memory is reused: then bytes are copied.
 * @throws Disorder
 */
export function readPayload(
  views: RecordViews,
  start: number,
  end: number,
  params: readonly CallbackParamSpec[],
  shared: boolean,
): unknown[] {
  const values: unknown[] = [];
  let at = start;
  for (const param of params) {
    switch (param.kind) {
      case 'value':
        requireRoom(at, 8, end);
        values.push(readSlot(views, at, slotOf(param.type), param.type === 'bool'));
        at += 8;
        break;
      case 'cstring':
        values.push(readText(views, at, end));
        at += textBytes(views, at);
        break;
      case 'bytes': {
        const bytes = readBytes(views, at, end, shared);
        values.push(bytes);
        at += 8 + align8(bytes.length);
        break;
      }
      default: {
        requireRoom(at, 8, end);
        const count = views.i32[at / 4] as number;
        const list: unknown[] = [];
        at += 8;
        // Each entry has at least 8 bytes.
        requireRoom(at, count * 8, end);
        for (let entry = 0; entry < count; entry += 1) {
          if (param.kind === 'pointers') {
            list.push(views.u64[at / 8]);
            at += 8;
          } else {
            list.push(readText(views, at, end));
            at += textBytes(views, at);
          }
        }
        values.push(list);
      }
    }
  }
  return values;
}

/** The bytes at the start of a payload: the complete content of a chunk of bytes. */
export function readBytes(views: RecordViews, at: number, end: number, shared: boolean): Buffer {
  requireRoom(at, 8, end);
  const length = views.i32[at / 4] as number;
  requireRoom(at + 8, length, end);
  const from = at + 8;
  if (!shared) return views.bytes.subarray(from, from + length);
  if (length > TINY_BYTES) {
    const copy = length > SMALL_BYTES ? Buffer.allocUnsafeSlow(length) : small.take(length);
    copyOut(views.bytes, from, copy);
    return copy;
  }
  const copy = tiny.take(length);
  const { words } = tiny;
  // A loop over whole words is faster than a call here: source and target are aligned, and padded to a whole word.
  const first = copy.byteOffset / 4;
  const count = (length + 3) >> 2;
  for (let word = 0; word < count; word += 1) words[first + word] = views.i32[from / 4 + word] as number;
  return copy;
}

function textBytes(views: RecordViews, at: number): number {
  return 8 + align8(Math.max(views.i32[at / 4] as number, 0));
}

/** A C string, or null. */
export function readText(views: RecordViews, at: number, end: number): string | null {
  requireRoom(at, 8, end);
  const length = views.i32[at / 4] as number;
  if (length === ABSENT) return null;
  requireRoom(at + 8, length, end);
  return views.bytes.toString('utf8', at + 8, at + 8 + length);
}

function requireRoom(at: number, bytes: number, end: number): void {
  if (bytes < 0 || at + bytes > end) throw new Disorder('a length in a record of a callback');
}

function readSlot(
  views: RecordViews,
  at: number,
  slot: number,
  bool: boolean,
): number | bigint | boolean | undefined {
  switch (slot) {
    case Slot.I32:
      return bool ? views.i32[at / 4] !== 0 : views.i32[at / 4];
    case Slot.U32:
      return views.u32[at / 4];
    case Slot.F64:
      return views.f64[at / 8];
    case Slot.I64:
      return views.i64[at / 8];
    default:
      return views.u64[at / 8];
  }
}
