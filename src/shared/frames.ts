/**
 * Messages over a stream of bytes, each with blobs of bytes that are sent and
 * read as they are: large ones are not serialized, and are copied once.
 *
 *   head      a mark, bytes of the message, number of blobs: 4 bytes each
 *   lengths   of the blobs: 8 bytes each
 *   message   as `node:v8` serializes it
 *   blobs
 */
import { deserialize, serialize } from 'node:v8';
import { Math } from '../builtins.js';

const HEAD_BYTES = 12;
/** So that what is no message is not waited for as if it were a long one. */
const MARK = 0x6f66_6674;
const LENGTH_BYTES = 8;
/** Room behind every part: native code that is given an empty one gets an address all the same. */
const LEAST_BYTES = 16;

export interface Frame {
  readonly message: unknown;
  readonly blobs: readonly Uint8Array[];
}

/** A message as parts to be written one after the other. The blobs are among them as they are: not copied. */
export function frameOf({ message, blobs }: Frame): Uint8Array[] {
  const serialized = serialize(message);
  const head = Buffer.alloc(HEAD_BYTES + blobs.length * LENGTH_BYTES);
  head.writeUInt32LE(MARK, 0);
  head.writeUInt32LE(serialized.length, 4);
  head.writeUInt32LE(blobs.length, 8);
  blobs.forEach((blob, index) => head.writeDoubleLE(blob.byteLength, HEAD_BYTES + index * LENGTH_BYTES));
  return [head, serialized, ...blobs.filter(({ byteLength }) => byteLength > 0)];
}

/** Reads messages out of the bytes that come. */
export class FrameReader {
  readonly #read: Frame[] = [];
  readonly #asks = parts(this.#read);
  /** What is being filled, and how far it is. */
  #part = this.#asks.next().value;
  #filled = 0;

  /**
   * Takes bytes.
   * @returns the messages that they complete. Their blobs are memory of their own, aligned for any type.
   * @throws when the bytes are no message; then nothing after them can be read either.
   */
  add(bytes: Uint8Array): Frame[] {
    let at = 0;
    for (;;) {
      const more = Math.min(bytes.length - at, this.#part.length - this.#filled);
      this.#part.set(bytes.subarray(at, at + more), this.#filled);
      this.#filled += more;
      at += more;
      if (this.#filled < this.#part.length) return this.#read.splice(0);
      this.#part = this.#asks.next().value;
      this.#filled = 0;
    }
  }
}

/** Asks for one part after the other: each is filled when it is resumed. */
function* parts(read: Frame[]): Generator<Uint8Array, never> {
  for (;;) {
    const head = Buffer.from(yield* part(HEAD_BYTES));
    if (head.readUInt32LE(0) !== MARK) throw new Error('bytes that are no message');
    const lengths = Buffer.from(yield* part(head.readUInt32LE(8) * LENGTH_BYTES));
    const serialized = yield* part(head.readUInt32LE(4));
    const blobs: Uint8Array[] = [];
    for (let at = 0; at < lengths.length; at += LENGTH_BYTES) {
      blobs.push(yield* part(lengths.readDoubleLE(at)));
    }
    read.push({ message: deserialize(serialized) as unknown, blobs });
  }
}

function* part(bytes: number): Generator<Uint8Array, Uint8Array> {
  const empty = new Uint8Array(new ArrayBuffer(Math.max(bytes, LEAST_BYTES)), 0, bytes);
  yield empty;
  return empty;
}
