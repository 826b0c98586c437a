/**
 * JavaScript values on their way between host and lanes: arguments and results of module functions, chunks of
 * generators, arguments of host functions.
 *
 * Guarantees: a value arrives as structured cloning would bring it, with two differences. A view arrives over memory of
 * its own, with its bytes only, unless that memory is shared or transferred. A getter may be called again for a value
 * that turns out to be too large for the form or not plain. Nothing is detached by a value that cannot be sent.
 */
import { types } from 'node:util';
import { structuredClone } from '../../builtins.js';
import { checkTransfer, cloneError, notCloneable } from './clone-error.js';
import { findClonedByPorts } from './cloned-by-ports.js';
import { FormWriter } from './form-writer.js';
import { hashOf } from './key-blocks.js';
import { SharedMemory, Unserializable, serialize } from './serialization.js';
import { Limits, Tag, type Attachment } from './value-form.js';

const NONE: readonly never[] = [];
/** Values that are looked at before a port clones the whole value, which it does as fast as V8 serializes it. */
const LARGE = 2048;
/** Words that are copied one by one in less time than a call takes. */
const SHORT_COPY = 24;

export class ValueEncoder {
  /** Buffers that go beside the form, in a message: large bytes, transferred and shared buffers. */
  attachments: readonly Attachment[] = NONE;
  /** What is to be transferred with the message, which is sent even without attachments. Empty for processes. */
  transfers: readonly object[] = NONE;
  /** The value itself is to be posted, with `transfers`, because only a port can clone it; `bytes` is 0 then. */
  cloned: { readonly value: unknown } | null = null;
  readonly #shared: boolean;
  readonly #writer = new FormWriter();

  /**
   * @param shared whether memory can be shared and moved: between threads. Between processes, buffers are copied, and
   *   those to be transferred are detached by `encode`.
   */
  constructor(shared: boolean) {
    this.#shared = shared;
  }

  /** Bytes of the form: a multiple of 8. */
  get bytes(): number {
    return this.#writer.at;
  }

  /**
   * Encodes a value. What was encoded is valid until the next call.
   * @param transfer what is moved instead of copied: ArrayBuffers, MessagePorts, streams.
   * @throws DataCloneError (DOMException) as structured cloning does; what a getter throws.
   */
  encode(value: unknown, transfer: readonly object[] = NONE): void {
    this.#encode(value, transfer, false);
  }

  /**
   * Encodes an array that has neither holes nor properties beside its items, such as a rest parameter. Faster than
   * {@link encode}, which looks for them.
   * @throws as `encode`.
   */
  encodeList(items: readonly unknown[], transfer: readonly object[] = NONE): void {
    this.#encode(items, transfer, true);
  }

  #encode(value: unknown, transfer: readonly object[], list: boolean): void {
    this.attachments = this.transfers = NONE;
    this.cloned = null;
    if (transfer.length > 0) checkTransfer(transfer);
    const writer = this.#writer;
    try {
      if (!writer.write(value, transfer, list)) this.#encodeWhole(value, transfer);
      else if (writer.attachments.length > 0) this.attachments = writer.attachments;
      if (this.attachments.length > 0 || transfer.length > 0) this.#move(transfer);
    } catch (error) {
      writer.at = 0;
      this.attachments = NONE;
      throw error;
    }
  }

  #encodeWhole(value: unknown, transfer: readonly object[]): void {
    const finding = transfer.every(types.isArrayBuffer)
      ? findClonedByPorts(value, this.#shared ? LARGE : Infinity)
      : 'found';
    if (finding !== 'none') return this.#leaveToPort(value);
    const attachments = [...transfer] as Attachment[];
    const writer = this.#writer;
    writer.at = 0;
    let bytes: Buffer;
    try {
      bytes = serialize(value, attachments);
    } catch (error) {
      if (!(error instanceof Unserializable)) throw error;
      if (error instanceof SharedMemory && !this.#shared) throw sharedMemory();
      return this.#leaveRefused(value, transfer, error.message);
    }
    if (bytes.length > Limits.INLINE_BYTES) {
      const { buffer, byteOffset, byteLength } = bytes;
      const whole =
        byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
      writer.cell(Tag.ATTACHED_SERIALIZED, attachments.push(whole) - 1);
    } else {
      writer.cell(Tag.SERIALIZED, bytes.length);
      writer.cell(0, 0);
      writer.raw(bytes);
      writer.i32[2] = hashOf(writer.i32, 4, writer.at >> 2);
    }
    this.attachments = attachments;
  }

  #leaveToPort(value: unknown): void {
    this.cloned = { value };
    this.#writer.at = 0;
  }

  /** A port clones more than V8 does. Whether it does is tried if that moves nothing; otherwise sending shows it. */
  #leaveRefused(value: unknown, transfer: readonly object[], message: string): void {
    if (transfer.length === 0) {
      try {
        structuredClone(value);
      } catch (error) {
        throw notCloneable(value, (error as Error).message);
      }
    }
    if (transfer.length > 0 && message.includes('detached')) throw cloneError(message);
    this.#leaveToPort(value);
  }

  /** Last, because nothing may go wrong once a buffer is detached. */
  #move(transfer: readonly object[]): void {
    const { attachments } = this;
    if (this.#shared) {
      const copies = attachments.filter((one) => types.isArrayBuffer(one) && !transfer.includes(one));
      this.transfers = copies.length === 0 ? transfer : [...transfer, ...copies];
      return;
    }
    if (attachments.some(types.isSharedArrayBuffer)) throw sharedMemory();
    if (this.cloned !== null) {
      this.transfers = transfer;
      return;
    }
    if (transfer.length === 0) return;
    const moved = structuredClone(transfer, { transfer: transfer as ArrayBuffer[] }) as Attachment[];
    this.attachments = attachments.map((one) => moved[transfer.indexOf(one)] ?? one);
  }

  /** Copies the form into memory, at a byte offset that is a multiple of 8. */
  copyTo(target: Int32Array, at: number): void {
    const { i32, at: bytes } = this.#writer;
    const from = at >> 2;
    const words = bytes >> 2;
    if (words > SHORT_COPY) target.set(i32.subarray(0, words), from);
    else for (let i = 0; i < words; i++) target[from + i] = i32[i] as number;
  }

  /** The form in a buffer of its own, to be posted and transferred. */
  toBuffer(): ArrayBuffer {
    return (this.#writer.i32.buffer as ArrayBuffer).slice(0, this.#writer.at);
  }
}

function sharedMemory(): DOMException {
  return cloneError('A SharedArrayBuffer cannot be sent to another process: send a copy of its bytes.');
}
