/**
 * Memory that the host and native code in every lane, thread or process, share. It is one file for this process, which
 * every process lane receives.
 */
import { markLive } from '../../declare/language/live.js';
import { ArgumentError } from '../../errors.js';
import { type MappedFile, type System, systemCalls } from '../../engines/system/system-calls.js';
import { show } from '../../options/checks.js';
import { MappedHeap } from './mapped-heap.js';

const MOST_BYTES = 2 ** 32;

interface Live {
  readonly file: MappedFile;
  readonly heap: MappedHeap;
}

let live: Live | undefined;
/** Number of pools that pass the file to their lanes. */
let users = 0;
/** Whether bytes were ever allocated from the file: if not, lanes do not need it. */
let taken = false;
/** Unreachable pieces are reused. */
const forgotten = new FinalizationRegistry<() => void>((give) => give());

/** The shared file, created when it is first needed. @throws EngineError if memory cannot be shared. */
function liveFile(system: System): MappedFile {
  if (live === undefined) {
    const file = system.create(0);
    live = { file, heap: new MappedHeap(system, file, 0) };
  }
  return live.file;
}

/** A pool starts to pass the file to its lanes. @throws EngineError if memory cannot be shared. */
export function useLiveFile(system: System): MappedFile {
  const file = liveFile(system);
  users += 1;
  return file;
}

/** A pool has ended: after the last one the file is closed, unless some of its bytes are still in use. */
export function leaveLiveFile(system: System): void {
  users -= 1;
  if (users > 0 || taken || live === undefined) return;
  system.unmap(live.file);
  system.close(live.file.fd);
  live = undefined;
}

/** Address of the shared file in this process; 0 while there is none. */
export function liveAddress(): bigint {
  return live?.file.address ?? 0n;
}

/**
 * Creates bytes that this thread and native code in every lane share while calls run: in thread lanes and process
 * lanes, of every pool of this process. (A view over a `SharedArrayBuffer` is live in thread lanes only.) Pass the
 * result, or a view over its buffer, for a `buffer` parameter; `Atomics` works on it, except for waiting.
 *
 * @param length number of bytes, from 1 to 2^32. All are zero at first.
 * @throws ArgumentError; EngineError OFFTHREAD_NO_SHARED_MEMORY if memory cannot be shared.
 */
export function sharedBytes(length: number): Uint8Array {
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 1 || length > MOST_BYTES) {
    throw new ArgumentError(
      `The length for sharedBytes is ${show(length)}; it must be a whole number from 1 to ${MOST_BYTES}.`,
    );
  }
  liveFile(systemCalls());
  taken = true;
  const { heap } = live as Live;
  const piece = heap.take(length);
  const offset = heap.offsetOf(piece) as number;
  // A separate buffer object: the piece is freed when this buffer is unreachable.
  const view = heap.viewOf(piece, length);
  new Uint8Array(view).fill(0);
  markLive(view, offset);
  forgotten.register(view, () => heap.give(piece));
  return new Uint8Array(view);
}
