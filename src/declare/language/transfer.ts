/** Bytes that a caller gives away: native code works on them without a copy, and the caller may take them back. */
import type { MessagePort } from 'node:worker_threads';
import { structuredClone } from '../../builtins.js';
import { ArgumentError } from '../../errors.js';
import { TransferredValue } from './transferred-value.js';
import { flag, known } from '../../options/checks.js';
import { bufferOf, bytesOf, bytesState, isShared } from '../values/bytes.js';
import { HeldBytes } from '../values/held-bytes.js';
import { show } from '../values/show.js';

const RELEASED =
  'The transferred bytes were released when their call ended, as transfer(bytes, { release: true }) asks. For bytes of ' +
  'several calls, or to take them back, transfer them without it.';

/** What can be transferred: bytes over an ArrayBuffer. */
export type TransferableBytes = ArrayBuffer | ArrayBufferView;

/** Options of `transfer`. */
export interface TransferOptions {
  /**
   * Whether the memory is freed as soon as the call has ended and native code has returned, instead of when the garbage
   * collector finds it: large bytes that each call has afresh then use the same few pieces of memory. The bytes are
   * for one call, and cannot be taken back after it. Default false.
   */
  readonly release?: boolean;
}

/**
 * Bytes that were given away by `transfer()`. Pass them for `buffer` and `inout('buffer')` parameters, of one call or
 * several.
 */
export class TransferredBytes<B extends TransferableBytes = TransferableBytes> extends HeldBytes {
  readonly #whole: B;
  readonly #releases: boolean;
  #taken = false;
  /** Whether a call with bytes that are released has ended; they are freed once nobody holds them. */
  #over = false;

  /** @internal */
  constructor(whole: B, releases: boolean) {
    super(bytesOf(whole));
    this.#whole = whole;
    this.#releases = releases;
  }

  /** @internal */
  override get available(): boolean {
    return !this.#taken && !this.#over;
  }

  /** @internal */
  override get absence(): string {
    return this.#over
      ? RELEASED
      : 'The transferred bytes have been taken back. Pass what take() has returned.';
  }

  /** @internal */
  override callEnded(): void {
    if (!this.#releases || this.#taken) return;
    this.#over = true;
    if (!this.held) free(this.#whole);
  }

  /** @internal */
  override release(): void {
    super.release();
    if (this.#over && !this.held) free(this.#whole);
  }

  /**
   * Takes the bytes back, with what native code has written to them: a view (or buffer) of the same type over the same
   * memory. They can't be passed to a call any more.
   * @throws ArgumentError if native code still has the bytes, which it does until it returns, also after a timeout; if
   * they have been taken before; if they were released at the end of their call.
   */
  take(): B {
    if (this.#over) throw new ArgumentError(RELEASED);
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
 * @param options whether the memory is freed at the end of the call.
 * @throws ArgumentError for a wrong option; for shared memory, and for memory that can't be moved: that of a WebAssembly.Memory, a Buffer in
 *   Node's pool, a buffer that was lent or is marked as untransferable, a detached one.
 */
export function transfer<B extends TransferableBytes>(
  bytes: B,
  options?: TransferOptions,
): TransferredBytes<B>;
/**
 * Moves parts of an argument of a module's function, instead of copying them, as `postMessage` does. They are detached when the call
 * is made. For one call.
 *
 * @param value the argument, which contains what is listed.
 * @param list ArrayBuffers, MessagePorts and other transferable objects.
 * @throws ArgumentError if the list is no array of objects.
 */
export function transfer<T>(value: T, list: readonly object[]): TransferredValue<T>;
export function transfer(given: unknown, more?: unknown): unknown {
  return Array.isArray(more)
    ? new TransferredValue(given, listed(more))
    : transferBytes(given as never, more);
}

function listed(list: readonly unknown[]): readonly object[] {
  const wrong = list.find((one) => typeof one !== 'object' || one === null);
  if (wrong === undefined) return [...(list as readonly object[])];
  throw new ArgumentError(
    `transfer() received ${show(wrong)} in its list. List ArrayBuffers, MessagePorts and other objects that can be transferred; of a typed array, its \`buffer\`.`,
  );
}

function transferBytes<B extends TransferableBytes>(bytes: B, options: unknown): TransferredBytes<B> {
  const releases = flag('release', known('transfer option', options, ['release'])['release'], false);
  if (bytesState(bytes) === 'bytes' && !HeldBytes.is(bytes)) {
    if (isShared(bytes)) {
      throw new ArgumentError(
        'transfer() received shared memory, which is not moved. Pass it to the call as it is: a thread lane works on it directly.',
      );
    }
    const moved = move(bytes);
    if (moved !== null) return new TransferredBytes(moved, releases);
    throw new ArgumentError(
      `transfer() received ${show(bytes)}, whose memory cannot be moved: it belongs to a WebAssembly.Memory or to the pool of ` +
        'Buffer, or is marked as untransferable, for example because it was lent. Pass the bytes as they are, or transfer a copy.',
    );
  }
  throw new ArgumentError(
    `transfer() received ${show(bytes)}. Pass a Buffer, a typed array, a DataView or an ArrayBuffer that is not detached.`,
  );
}

let nowhere: MessagePort | undefined;

/** Frees memory at once: a closed port drops a message together with what it carries. */
function free(bytes: TransferableBytes): void {
  if (nowhere === undefined) {
    nowhere = new MessageChannel().port1;
    nowhere.close();
  }
  nowhere.postMessage(null, [bufferOf(bytes) as ArrayBuffer]);
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
