/** Bytes that a caller gives away: native code works on them without a copy, and the caller may take them back. */
import { structuredClone } from '../../builtins.js';
import { ArgumentError } from '../../errors.js';
import { bufferOf, bytesOf, bytesState, isShared } from '../values/bytes.js';
import { HeldBytes } from '../values/held-bytes.js';
import { show } from '../values/show.js';

/** What can be transferred: bytes over an ArrayBuffer. */
export type TransferableBytes = ArrayBuffer | ArrayBufferView;

/**
 * Bytes that were given away by `transfer()`. Pass them for `buffer` and `inout('buffer')` parameters, of one call or
 * several.
 */
export class TransferredBytes<B extends TransferableBytes = TransferableBytes> extends HeldBytes {
  readonly #whole: B;
  #taken = false;

  /** @internal */
  constructor(whole: B) {
    super(bytesOf(whole));
    this.#whole = whole;
  }

  /** @internal */
  override get available(): boolean {
    return !this.#taken;
  }

  /** @internal */
  override get absence(): string {
    return 'The transferred bytes have been taken back. Pass what take() has returned.';
  }

  /**
   * Takes the bytes back, with what native code has written to them: a view (or buffer) of the same type over the same
   * memory. They can't be passed to a call any more.
   * @throws ArgumentError if native code still has the bytes, which it does until it returns, also after a timeout; if
   * they have been taken before.
   */
  take(): B {
    if (this.#taken) throw new ArgumentError('The transferred bytes have been taken back before.');
    if (this.held) {
      throw new ArgumentError(
        'The transferred bytes cannot be taken back: native code still has them. Await the call; after a timeout or a ' +
          'cancellation, native code keeps them until it returns.',
      );
    }
    this.#taken = true;
    return this.#whole;
  }
}

/**
 * Gives bytes away: the caller's buffer is detached at once, as by structured cloning, with all views over it. A thread
 * lane works on their memory without a copy; a process lane has a copy, which is copied back for `inout('buffer')`.
 *
 * @param bytes a Buffer, typed array, DataView or ArrayBuffer.
 * @throws ArgumentError for shared memory, and for memory that can't be moved: that of a WebAssembly.Memory, a Buffer in
 *   Node's pool, a buffer that was lent or is marked as untransferable, a detached one.
 */
export function transfer<B extends TransferableBytes>(bytes: B): TransferredBytes<B> {
  if (bytesState(bytes) === 'bytes' && !HeldBytes.is(bytes)) {
    if (isShared(bytes)) {
      throw new ArgumentError(
        'transfer() received shared memory, which is not moved. Pass it to the call as it is: a thread lane works on it directly.',
      );
    }
    const moved = move(bytes);
    if (moved !== null) return new TransferredBytes(moved);
    throw new ArgumentError(
      `transfer() received ${show(bytes)}, whose memory cannot be moved: it belongs to a WebAssembly.Memory or to the pool of ` +
        'Buffer, or is marked as untransferable, for example because it was lent. Pass the bytes as they are, or transfer a copy.',
    );
  }
  throw new ArgumentError(
    `transfer() received ${show(bytes)}. Pass a Buffer, a typed array, a DataView or an ArrayBuffer that is not detached.`,
  );
}

/** The same bytes over another buffer, to which their memory has moved; null if it cannot be moved. */
function move<B extends TransferableBytes>(bytes: B): B | null {
  const buffer = bufferOf(bytes) as ArrayBuffer;
  let moved: B;
  try {
    moved = structuredClone(bytes, { transfer: [buffer] });
  } catch {
    return null;
  }
  // Node.js 20 copies what it cannot transfer.
  if (buffer.byteLength > 0) return null;
  if (!Buffer.isBuffer(bytes)) return moved;
  const { buffer: memory, byteOffset, byteLength } = moved as Uint8Array;
  return Buffer.from(memory, byteOffset, byteLength) as unknown as B;
}
