/**
 * Writes values that are small and plain in the form of `value-form.ts`. What it does not write ({@link write} returns
 * false) is left to V8's serialization: among it all that is in a value twice, so that identities survive.
 */
import { types } from 'node:util';
import { notCloneable } from './clone-error.js';
import { textRoom, writeText } from './form-text.js';
import { KeyBlocks } from './key-blocks.js';
import { isDetached } from './serialization.js';
import { Limits, Tag, type Attachment } from './value-form.js';
import { viewTypeOf } from './view-types.js';

const { isArrayBuffer, isExternal, isModuleNamespaceObject, isProxy, isSharedArrayBuffer } = types;
const { getPrototypeOf, hasOwn, keys: keysOf, prototype: PLAIN } = Object;
const FIRST_BYTES = 1024;
const NO_ATTACHMENTS: Attachment[] = [];
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

export class FormWriter {
  i32!: Int32Array;
  /** Bytes that have been written. */
  at = 0;
  attachments: Attachment[] = NO_ATTACHMENTS;
  #f64!: Float64Array;
  #i64!: BigInt64Array;
  #bytes!: Buffer;
  /** Bytes that may be written. */
  #room = 0;
  #transfer: readonly object[] = [];
  #root: unknown;
  /** Arrays, objects, buffers and views that have been met. */
  readonly #met: (object | null)[] = Array.from<null>({ length: Limits.OBJECTS }).fill(null);
  #metCount = 0;
  #valuesLeft = 0;
  readonly #blocks = new KeyBlocks();

  constructor() {
    this.#use(new ArrayBuffer(FIRST_BYTES));
  }

  #use(buffer: ArrayBuffer): void {
    this.i32 = new Int32Array(buffer);
    this.#f64 = new Float64Array(buffer);
    this.#i64 = new BigInt64Array(buffer);
    this.#bytes = Buffer.from(buffer);
    this.#room = buffer.byteLength;
  }

  /**
   * @param transfer buffers whose bytes are attached, whatever their size.
   * @param list whether the value is an array without holes and further properties, which is then not looked at.
   * @returns whether the value is written.
   * @throws DataCloneError; what a getter throws.
   */
  write(value: unknown, transfer: readonly object[], list: boolean): boolean {
    this.at = 0;
    this.attachments = NO_ATTACHMENTS;
    this.#valuesLeft = Limits.VALUES;
    this.#transfer = transfer;
    this.#root = value;
    try {
      return list ? this.#items(value as readonly unknown[], 0) : this.#value(value, 0);
    } finally {
      // Nothing of the value is kept alive.
      for (let i = 0; i < this.#metCount; i++) this.#met[i] = null;
      this.#metCount = 0;
      this.#root = undefined;
    }
  }

  /** Writes a cell only. */
  cell(tag: number, number: number): void {
    const at = this.at >> 2;
    this.i32[at] = tag;
    this.i32[at + 1] = number;
    this.at += 8;
  }

  /** Copies bytes behind the last cell. @returns whether there is room. */
  raw(bytes: Uint8Array): boolean {
    if (!this.#fits(bytes.length + 8)) return false;
    this.#bytes.set(bytes, this.at);
    const end = this.at + bytes.length;
    this.at = (end + 7) & ~7;
    this.#bytes.fill(0, end, this.at);
    return true;
  }

  #fits(bytes: number): boolean {
    return this.at + bytes <= this.#room || this.#grow(bytes);
  }

  #grow(bytes: number): boolean {
    if (this.at + bytes > Limits.FORM_BYTES) return false;
    let room = this.#room;
    while (room < this.at + bytes) room *= 2;
    const { i32 } = this;
    this.#use(new ArrayBuffer(room));
    this.i32.set(i32);
    return true;
  }

  #value(value: unknown, depth: number): boolean {
    if (--this.#valuesLeft < 0 || !this.#fits(16)) return false;
    switch (typeof value) {
      case 'number':
        this.#number(value);
        return true;
      case 'string':
        if (!this.#fits(textRoom(value.length))) return false;
        this.at = writeText(this.i32, this.#bytes, this.at, value);
        return true;
      case 'boolean':
        this.cell(value ? Tag.TRUE : Tag.FALSE, 0);
        return true;
      case 'undefined':
        this.cell(Tag.UNDEFINED, 0);
        return true;
      case 'bigint':
        return this.#bigint(value);
      case 'object':
        if (value !== null) return this.#object(value, depth);
        this.cell(Tag.NULL, 0);
        return true;
      default:
        throw notCloneable(this.#root);
    }
  }

  #number(value: number): void {
    const small = value | 0;
    if (small === value && (small !== 0 || 1 / value > 0)) return this.cell(Tag.INT32, small);
    this.cell(Tag.DOUBLE, 0);
    this.#f64[this.at >> 3] = value;
    this.at += 8;
  }

  #bigint(value: bigint): boolean {
    if (value >= MIN_INT64 && value <= MAX_INT64) {
      this.cell(Tag.BIGINT64, 0);
      this.#i64[this.at >> 3] = value;
      this.at += 8;
      return true;
    }
    const digits = (value < 0n ? -value : value).toString(16);
    this.cell(value < 0n ? Tag.NEGATIVE : Tag.BIGINT, digits.length);
    return this.raw(Buffer.from(digits, 'latin1'));
  }

  #object(value: object, depth: number): boolean {
    if (depth === Limits.DEPTH || !this.#isNew(value)) return false;
    if (isProxy(value)) throw notCloneable(this.#root);
    if (Array.isArray(value)) return keysOf(value).length === value.length && this.#items(value, depth);
    const prototype = getPrototypeOf(value) as object | null;
    if (prototype === PLAIN) return this.#fields(value as Record<string, unknown>, depth);
    if (prototype === null)
      return (
        !isExternal(value) &&
        !isModuleNamespaceObject(value) &&
        this.#fields(value as Record<string, unknown>, depth)
      );
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (isArrayBuffer(value)) return this.#buffer(value);
    return isSharedArrayBuffer(value) && this.#attached(Tag.ATTACHED, value);
  }

  #isNew(value: object): boolean {
    const count = this.#metCount;
    if (count === Limits.OBJECTS) return false;
    const met = this.#met;
    for (let i = 0; i < count; i++) if (met[i] === value) return false;
    met[count] = value;
    this.#metCount = count + 1;
    return true;
  }

  #items(items: readonly unknown[], depth: number): boolean {
    const { length } = items;
    if (length > this.#valuesLeft) return false;
    this.cell(Tag.ARRAY, length);
    for (let i = 0; i < length; i++) if (!this.#value(items[i], depth + 1)) return false;
    return true;
  }

  #fields(object: Record<string, unknown>, depth: number): boolean {
    const keys = keysOf(object);
    const { length } = keys;
    this.cell(Tag.OBJECT, length);
    if (length === 0) return true;
    const block = this.#blocks.of(keys);
    if (block === null || !this.#fits(Limits.KEY_BYTES)) return false;
    const { words, inherited } = block;
    this.i32.set(words, this.at >> 2);
    this.at += 4 * words.length;
    for (let i = 0; i < length; i++) {
      const key = keys[i] as string;
      // A getter of an earlier key may have removed this one.
      if (inherited && !hasOwn(object, key)) {
        this.#absent();
        continue;
      }
      const value = object[key];
      if (value === undefined && !hasOwn(object, key)) this.#absent();
      else if (!this.#value(value, depth + 1)) return false;
    }
    return true;
  }

  #absent(): void {
    if (this.#fits(16)) this.cell(Tag.ABSENT, 0);
  }

  #view(view: ArrayBufferView): boolean {
    const { buffer, byteOffset, byteLength } = view;
    const type = viewTypeOf(view);
    if (type < 0 || isDetached(view)) return false;
    if (!isArrayBuffer(buffer) || this.#transfer.includes(buffer))
      return this.#attached(Tag.ATTACHED_VIEW | (type << 8), buffer) && this.#range(byteOffset, byteLength);
    if (byteLength > Limits.INLINE_BYTES) {
      const copy = buffer.slice(byteOffset, byteOffset + byteLength);
      return this.#attached(Tag.ATTACHED_VIEW | (type << 8), copy) && this.#range(0, byteLength);
    }
    this.cell(Tag.VIEW | (type << 8), byteLength);
    return this.raw(view instanceof Uint8Array ? view : new Uint8Array(buffer, byteOffset, byteLength));
  }

  #buffer(buffer: ArrayBuffer): boolean {
    const { byteLength } = buffer;
    if (this.#transfer.includes(buffer)) return this.#attached(Tag.ATTACHED, buffer);
    // V8 keeps what it may grow to, and refuses what is detached.
    if (byteLength === 0 || buffer.resizable) return false;
    if (byteLength > Limits.INLINE_BYTES) return this.#attached(Tag.ATTACHED, buffer.slice(0));
    this.cell(Tag.BUFFER, byteLength);
    return this.raw(new Uint8Array(buffer));
  }

  #attached(tag: number, buffer: Attachment): boolean {
    if (this.attachments === NO_ATTACHMENTS) this.attachments = [];
    const known = this.attachments.indexOf(buffer);
    this.cell(tag, known >= 0 ? known : this.attachments.push(buffer) - 1);
    return true;
  }

  #range(offset: number, bytes: number): boolean {
    if (!this.#fits(16)) return false;
    this.#f64[this.at >> 3] = offset;
    this.#f64[(this.at >> 3) + 1] = bytes;
    this.at += 16;
    return true;
  }
}
