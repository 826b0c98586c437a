/**
 * Reads the form of a value. It may come from memory that native code has overwritten, even while it is read, so each
 * number is read once and checked: what comes of it is a value or a {@link Disorder}, and no larger than the form.
 */
import { viewsOf } from '../memory/record.js';
import { Disorder } from '../messages/disorder.js';
import { readText } from './form-text.js';
import { hashOf, readKeys } from './key-blocks.js';
import { deserialize } from './serialization.js';
import { Limits, Tag, type Attachment } from './value-form.js';
import { canView, viewOf, viewTypeOf } from './view-types.js';

/** Bytes that are copied one by one in less time than a call takes. */
const SHORT_COPY = 48;
const BYTES = viewTypeOf(new Uint8Array());

/** Views of the memory that a form is in, all of them of the whole of it. */
export interface ValueViews {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
  readonly bytes: Buffer;
}

/**
 * Decodes a value.
 * @param at byte offset of the form, a multiple of 8. @param end of what may be read.
 * @throws Disorder if the form cannot be true.
 */
export function decodeValue(
  views: ValueViews,
  at: number,
  end: number,
  attachments: readonly Attachment[],
): unknown {
  if ((at & 7) !== 0 || at < 0 || end > views.bytes.length) throw new Disorder('the place of a value');
  return reader.decode(views, at, end, attachments);
}

const NOTHING: ValueViews = viewsOf(new ArrayBuffer(0));
const NO_ATTACHMENTS: readonly Attachment[] = [];

class FormReader {
  #views = NOTHING;
  #i32 = NOTHING.i32;
  #attachments = NO_ATTACHMENTS;
  #at = 0;
  #end = 0;

  decode(views: ValueViews, at: number, end: number, attachments: readonly Attachment[]): unknown {
    this.#views = views;
    this.#i32 = views.i32;
    this.#attachments = attachments;
    this.#at = at;
    this.#end = end;
    try {
      return this.#value(0);
    } finally {
      // The memory of a lane is not kept alive.
      this.#views = NOTHING;
      this.#i32 = NOTHING.i32;
      this.#attachments = NO_ATTACHMENTS;
    }
  }

  #value(depth: number): unknown {
    const at = this.#at;
    if (at + 8 > this.#end) throw new Disorder('the end of a value');
    const tag = this.#i32[at >> 2] as number;
    const number = this.#i32[(at >> 2) + 1] as number;
    this.#at = at + 8;
    switch (tag & 0xff) {
      case Tag.UNDEFINED:
        return undefined;
      case Tag.NULL:
        return null;
      case Tag.FALSE:
        return false;
      case Tag.TRUE:
        return true;
      case Tag.INT32:
        return number;
      case Tag.DOUBLE:
        return this.#views.f64[this.#take(8) >> 3];
      case Tag.BIGINT64:
        return this.#views.i64[this.#take(8) >> 3];
      case Tag.LATIN1:
      case Tag.UTF16:
        return this.#text(tag & 0xff, number);
      case Tag.BIGINT:
        return this.#bigint(number);
      case Tag.NEGATIVE:
        return -this.#bigint(number);
      case Tag.ARRAY:
        return this.#array(number, depth);
      case Tag.OBJECT:
        return this.#object(number, depth);
      default:
        return this.#large(tag & 0xff, tag >>> 8, number);
    }
  }

  /** Passes bytes. @returns where they are. */
  #take(bytes: number): number {
    const at = this.#at;
    if (bytes < 0 || bytes > this.#end - at) throw new Disorder('a length in a value');
    this.#at = at + ((bytes + 7) & ~7);
    return at;
  }

  #text(tag: number, length: number): string {
    const at = this.#at;
    const text = readText(this.#views.bytes, tag, length, at, this.#end);
    this.#take(tag === Tag.UTF16 ? 2 * length : length);
    return text;
  }

  #bigint(digits: number): bigint {
    const text = this.#text(Tag.LATIN1, digits);
    if (!/^[\da-f]+$/.test(text)) throw new Disorder('the digits of a number');
    return BigInt(`0x${text}`);
  }

  #array(length: number, depth: number): unknown[] {
    this.#expect(length, depth);
    // Literals, because an array that grows by `push` takes room for 17 items.
    if (length === 0) return [];
    if (length === 1) return [this.#value(depth + 1)];
    if (length === 2) return [this.#value(depth + 1), this.#value(depth + 1)];
    if (length === 3) return [this.#value(depth + 1), this.#value(depth + 1), this.#value(depth + 1)];
    const items = [this.#value(depth + 1), this.#value(depth + 1), this.#value(depth + 1)];
    for (let i = 3; i < length; i++) items.push(this.#value(depth + 1));
    return items;
  }

  #expect(values: number, depth: number): void {
    if (values < 0 || 8 * values > this.#end - this.#at) throw new Disorder('the length of a list');
    if (depth > Limits.DEPTH) throw new Disorder('the depth of a value');
  }

  #object(count: number, depth: number): object {
    const object: Record<string, unknown> = {};
    if (count === 0) return object;
    this.#expect(count, depth);
    const { keys, words, inherited } = readKeys(this.#i32, this.#views.bytes, this.#at, this.#end, count);
    this.#take(4 * words.length);
    for (let i = 0; i < count; i++) {
      const key = keys[i] as string;
      if (this.#at < this.#end && this.#i32[this.#at >> 2] === Tag.ABSENT) this.#take(8);
      else if (inherited) define(object, key, this.#value(depth + 1));
      else object[key] = this.#value(depth + 1);
    }
    return object;
  }

  /** Bytes, here or beside. */
  #large(tag: number, type: number, number: number): unknown {
    switch (tag) {
      case Tag.BUFFER:
        return this.#bytes(number).buffer;
      case Tag.VIEW:
        return this.#view(type, number);
      case Tag.ATTACHED:
        return this.#attachment(number);
      case Tag.ATTACHED_VIEW:
        return this.#attachedView(type, this.#attachment(number));
      case Tag.SERIALIZED:
        return this.#serialized(number);
      case Tag.ATTACHED_SERIALIZED:
        return deserialize(new Uint8Array(this.#attachment(number)), this.#attachments.slice(0, number));
      default:
        throw new Disorder('the kind of a value');
    }
  }

  #view(type: number, bytes: number): ArrayBufferView {
    const copy = this.#bytes(bytes);
    if (type === BYTES) return copy;
    if (!canView(type, 0, bytes)) throw new Disorder('the type of a view');
    return viewOf(type, copy.buffer, 0, bytes);
  }

  /** A copy. V8 keeps a small one beside its object as long as nobody asks for its buffer. */
  #bytes(length: number): Uint8Array {
    const at = this.#take(length);
    const copy = new Uint8Array(length);
    const { bytes } = this.#views;
    if (length > SHORT_COPY) copy.set(bytes.subarray(at, at + length));
    else for (let i = 0; i < length; i++) copy[i] = bytes[at + i] as number;
    return copy;
  }

  #attachment(number: number): Attachment {
    const found = this.#attachments[number];
    if (found === undefined) throw new Disorder('the number of an attachment');
    return found;
  }

  #attachedView(type: number, buffer: Attachment): ArrayBufferView {
    const at = this.#take(16) >> 3;
    const offset = this.#views.f64[at] as number;
    const bytes = this.#views.f64[at + 1] as number;
    if (!(offset >= 0 && bytes >= 0 && offset + bytes <= buffer.byteLength && canView(type, offset, bytes)))
      throw new Disorder('the place of a view');
    return viewOf(type, buffer, offset, bytes);
  }

  /** Only what is as it was written reaches V8, which takes sizes in it for true. */
  #serialized(length: number): unknown {
    const hash = this.#i32[this.#take(8) >> 2];
    const copy = this.#bytes((length + 7) & ~7).buffer;
    if (hashOf(new Int32Array(copy), 0, copy.byteLength >> 2) !== hash)
      throw new Disorder('a serialized value');
    return deserialize(new Uint8Array(copy, 0, length), this.#attachments);
  }
}

/**
 * One for all, as no value is decoded while another is. If readers came and went with each value, every garbage
 * collection would find none, drop what V8 knows of their class, and with it the optimized code of the decoder.
 */
const reader = new FormReader();

/** For keys that Object.prototype has: `__proto__` is a key like others. */
function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
