/** Bytes that a caller lends: native code of thread lanes works on the caller's own memory. */
import { markAsUntransferable } from 'node:worker_threads';
import { structuredClone } from '../../builtins.js';
import { ArgumentError } from '../../errors.js';
import { bufferOf, bytesOf, bytesState, isShared } from '../values/bytes.js';
import { HeldBytes } from '../values/held-bytes.js';
import { show } from '../values/show.js';

/** Bytes as JavaScript has them. */
export type PlainBytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/**
 * Bytes that were lent by `lend()`. Pass them for `buffer` and `inout('buffer')` parameters, of one call or several.
 */
export class LentBytes extends HeldBytes {
  override readonly inPlace: boolean;

  /** @internal */
  constructor(bytes: Uint8Array, inPlace: boolean) {
    super(bytes);
    this.inPlace = inPlace;
  }
}

/**
 * Lends bytes: native code of a thread lane works on the caller's own memory, without a copy, and sees what the caller
 * changes in it. Their memory is kept until native code has returned, also after a timeout.
 *
 * From then on, and for good, the buffer can't be transferred: that is an error of Node.js, where it is tried. Where
 * such a buffer cannot be protected, calls copy the bytes as if they had not been lent: in Node.js before version 24, in
 * a process lane, for a resizable ArrayBuffer, for the memory of a WebAssembly.Memory or of Buffer's pool, and for a
 * buffer that others have marked as untransferable.
 *
 * @param bytes a Buffer, typed array, DataView, ArrayBuffer or SharedArrayBuffer.
 * @throws ArgumentError for anything else, and for detached bytes.
 */
export function lend(bytes: PlainBytes): LentBytes {
  if (bytesState(bytes) !== 'bytes' || HeldBytes.is(bytes)) {
    throw new ArgumentError(
      `lend() received ${show(bytes)}. Pass a Buffer, a typed array, a DataView, an ArrayBuffer or a SharedArrayBuffer ` +
        'that is not detached.',
    );
  }
  // Shared memory is neither detached nor moved: calls work on it anyway.
  return new LentBytes(bytesOf(bytes), !isShared(bytes) && keepsMemory(bufferOf(bytes) as ArrayBuffer));
}

/** Buffers whose memory stays in place for as long as they are referenced. */
const kept = new WeakSet<ArrayBuffer>();

/** Makes a buffer keep its memory for as long as it is referenced. @returns false if that is not possible. */
function keepsMemory(buffer: ArrayBuffer): boolean {
  if (kept.has(buffer)) return true;
  if (isResizable(buffer) || !isDetachable(buffer)) return false;
  markAsUntransferable(buffer);
  kept.add(buffer);
  return true;
}

const resizable = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable')?.get as (
  this: ArrayBuffer,
) => boolean;

/** Native code would be left with memory that is not there once such a buffer has shrunk. */
const isResizable = (buffer: ArrayBuffer): boolean => resizable.call(buffer);

/**
 * Whether marking a buffer would keep its memory: a WebAssembly.Memory detaches its buffer regardless, when it grows.
 * False for every buffer if marking does not prevent `ArrayBuffer.prototype.transfer`: before Node.js 24.
 */
function isDetachable(buffer: ArrayBuffer): boolean {
  refusals ??= refusalsHere();
  return refusals !== 'none' && refusal(buffer) === refusals;
}

/** The words of a refusal to transfer a detachable buffer twice; `none` if marking has no effect on such a buffer. */
let refusals: string | undefined;

function refusalsHere(): string {
  const marked: ArrayBuffer & { transfer?: () => ArrayBuffer } = new ArrayBuffer(1);
  markAsUntransferable(marked);
  try {
    if (typeof marked.transfer !== 'function') return 'none';
    marked.transfer();
    return 'none';
  } catch {
    const detachable = refusal(new ArrayBuffer(1));
    return detachable === refusal(marked) ? 'none' : detachable;
  }
}

/** The words with which Node.js refuses to transfer a buffer twice at once. That detaches nothing. */
function refusal(buffer: ArrayBuffer): string {
  try {
    structuredClone(0, { transfer: [buffer, buffer] });
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}
