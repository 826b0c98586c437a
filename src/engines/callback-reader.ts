/**
 * Copies the arguments of a callback, while they are valid, into the payload of a record (see `record.ts`).
 *
 *   measure   follows the pointers, and returns the size of the payload in bytes
 *   write     copies
 *
 * Both run during the callback, on the lane's thread. Lengths and counts from native code are checked as far as
 * possible: a negative one, or NULL with a length, is a fault, not a crash.
 */
import { constants } from 'node:buffer';
import { Math } from '../builtins.js';
import type { CallbackParamSpec, CallbackSpec } from '../declare/spec.js';
import { ABSENT, type RecordViews, Slot, align8, slotOf } from '../shared/memory/record.js';
import type { Engine } from './engine.js';
import { type NativeMemory, nativeMemory } from './system/native-memory.js';

/** The arguments of a callback. */
export type RawValues = readonly (number | bigint)[];

/** Maximum number of bytes that one callback may pass: what an ArrayBuffer with a 32-bit length can hold. */
const MOST_BYTES = 2 ** 31 - 64;
const MOST_ENTRIES = 2 ** 20;
const LONGEST_TEXT = constants.MAX_STRING_LENGTH;

interface Entry {
  readonly kind: CallbackParamSpec['kind'] | 'size';
  /** Index of the callback's argument. */
  readonly index: number;
  /** Index of the argument with the length or count; -1 if there is none. */
  readonly count: number;
  /** The {@link Slot} of a scalar. */
  readonly slot: number;
}

function entryOf(param: CallbackParamSpec, index: number): Entry {
  return {
    kind: param.kind === 'value' && param.type === 'size' ? 'size' : param.kind,
    index,
    count: 'count' in param ? param.count : -1,
    slot: param.kind === 'value' ? slotOf(param.type) : -1,
  };
}

export class CallbackReader {
  readonly #memory: NativeMemory;
  readonly #entries: readonly Entry[];
  /** Length and address of every string, in order, kept between measuring and writing. */
  readonly #lengths: number[] = [];
  readonly #addresses: (number | bigint)[] = [];
  /** The fault of the last measured values. */
  fault = '';

  /** @param only the one parameter to read; null for all. */
  constructor(engine: Engine, callback: CallbackSpec, only: number | null = null) {
    this.#memory = nativeMemory(engine);
    const entries = callback.params.map(entryOf);
    this.#entries = only === null ? entries : entries.filter(({ index }) => index === only);
  }

  /** @returns bytes of the payload, or -1: see {@link fault}. */
  measure(values: RawValues): number {
    this.fault = '';
    if (this.#lengths.length > 0) {
      this.#lengths.length = 0;
      this.#addresses.length = 0;
    }
    let bytes = 0;
    for (const { kind, index, count } of this.#entries) {
      const value = values[index] as number | bigint;
      switch (kind) {
        case 'value':
          bytes += 8;
          break;
        case 'size':
          bytes += 8;
          if (Number.isSafeInteger(Number(value)) && value >= 0) break;
          this.fault = `its argument ${index} is the size ${BigInt.asUintN(64, BigInt(value))}, which is above 2^53; declare the argument as u64`;
          return -1;
        case 'cstring':
          bytes += this.#measureText(value, index);
          if (this.fault !== '') return -1;
          break;
        case 'bytes': {
          const length = this.#amount(value, values[count] as number | bigint, index, MOST_BYTES, 'bytes');
          if (length < 0) return -1;
          bytes += 8 + align8(length);
          break;
        }
        default: {
          const entries = this.#amount(
            value,
            values[count] as number | bigint,
            index,
            MOST_ENTRIES,
            'pointers',
          );
          if (entries < 0) return -1;
          bytes += 8 + (kind === 'pointers' ? entries * 8 : this.#measureTexts(value, entries, index));
          if (this.fault !== '') return -1;
        }
      }
    }
    if (bytes <= MOST_BYTES) return bytes;
    this.fault = `its arguments take ${bytes} bytes, more than the limit of ${MOST_BYTES}`;
    return -1;
  }

  /**
   * Writes the payload of the values measured last.
   * @param address of the views' memory.
   */
  write(views: RecordViews, address: number | bigint, at: number, values: RawValues): void {
    let text = 0;
    let to = at;
    for (const { kind, index, count, slot } of this.#entries) {
      const value = values[index] as number | bigint;
      switch (kind) {
        case 'value':
        case 'size':
          writeSlot(views, to, slot, value);
          to += 8;
          break;
        case 'cstring':
          to = this.#writeText(views, address, to, text);
          text += 1;
          break;
        case 'bytes': {
          const length = Number(values[count]);
          writeLength(views, to, length);
          if (length > 0) this.#memory.copy(address, to + 8, value, length);
          to += 8 + align8(length);
          break;
        }
        default: {
          const entries = isNull(value) ? 0 : Number(values[count]);
          views.i32[to / 4] = entries;
          views.i32[to / 4 + 1] = 0;
          to += 8;
          if (kind === 'pointers') {
            if (entries > 0) this.#memory.copy(address, to, value, entries * 8);
            to += entries * 8;
          } else {
            for (let entry = 0; entry < entries; entry += 1, text += 1) {
              to = this.#writeText(views, address, to, text);
            }
          }
        }
      }
    }
  }

  /** Writes the bytes measured last, without their length: for a reader of one `bytes`. */
  writeBytes(address: number | bigint, values: RawValues): void {
    const { index, count } = this.#entries[0] as Entry;
    this.#memory.copy(address, 0, values[index] as number | bigint, Number(values[count]));
  }

  /** A length or a count; -1 if the value is not valid. */
  #amount(
    pointer: number | bigint,
    value: number | bigint,
    index: number,
    most: number,
    what: string,
  ): number {
    const amount = Number(value);
    const absent = isNull(pointer);
    // A NULL array is not read, whatever the count.
    if (absent && what === 'pointers') return 0;
    if (amount >= 0 && amount <= most && (!absent || amount === 0)) return amount;
    this.fault = absent
      ? `its argument ${index} is NULL, but has a count of ${amount} ${what}`
      : `its argument ${index} has an invalid count of ${amount} ${what}`;
    return -1;
  }

  #measureText(pointer: number | bigint, index: number): number {
    const length = isNull(pointer) ? ABSENT : this.#memory.lengthOf(pointer);
    if (length > LONGEST_TEXT)
      this.fault = `its argument ${index} is a string of ${length} bytes, more than the limit of ${LONGEST_TEXT}`;
    this.#lengths.push(length);
    this.#addresses.push(pointer);
    return 8 + align8(Math.max(length, 0));
  }

  #measureTexts(pointer: number | bigint, entries: number, index: number): number {
    let bytes = 0;
    for (const text of this.#memory.pointers(pointer, entries)) bytes += this.#measureText(text, index);
    return bytes;
  }

  #writeText(views: RecordViews, address: number | bigint, at: number, text: number): number {
    const length = this.#lengths[text] as number;
    writeLength(views, at, length);
    if (length > 0) this.#memory.copy(address, at + 8, this.#addresses[text] as number | bigint, length);
    return at + 8 + align8(Math.max(length, 0));
  }
}

function isNull(pointer: number | bigint): boolean {
  return pointer === 0n || pointer === 0;
}

/** Writes a length, and zeros in the padding behind the bytes: a transferred payload exposes all of its memory. */
function writeLength(views: RecordViews, at: number, length: number): void {
  views.i32[at / 4] = length;
  views.i32[at / 4 + 1] = 0;
  if (length > 0 && (length & 7) !== 0) views.f64[(at + align8(length)) / 8] = 0;
}

function writeSlot(views: RecordViews, at: number, slot: number, value: number | bigint): void {
  switch (slot) {
    case Slot.I32:
      views.i32[at / 4] = Number(value);
      views.i32[at / 4 + 1] = 0;
      break;
    case Slot.U32:
      views.u32[at / 4] = Number(value);
      views.i32[at / 4 + 1] = 0;
      break;
    case Slot.F64:
      views.f64[at / 8] = Number(value);
      break;
    case Slot.I64:
      views.i64[at / 8] = BigInt(value);
      break;
    default:
      views.u64[at / 8] = BigInt.asUintN(64, BigInt(value));
  }
}
