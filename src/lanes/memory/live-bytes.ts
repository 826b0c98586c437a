/**
 * Memory that the host and native code in every lane, thread or process, see
 * live. One file for this process, which every process lane is given.
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
/** Pools that hand the file to their lanes, and whether any bytes were ever taken from it: otherwise lanes do not need it. */
let users = 0;
let taken = false;
/** Unreachable pieces are used again. */
const forgotten = new FinalizationRegistry<() => void>((give) => give());

/** The common file, made when it is first needed. @throws EngineError where there is no such memory. */
function liveFile(system: System): MappedFile {
  if (live === undefined) {
    const file = system.create(0);
    live = { file, heap: new MappedHeap(system, file, 0) };
  }
  return live.file;
}

/** A pool hands the file to its lanes from now on. @throws EngineError where there is no such memory. */
export function useLiveFile(system: System): MappedFile {
  const file = liveFile(system);
  users += 1;
  return file;
}

/** A pool has ended: with the last one the file is closed, unless bytes of it are about. */
export function leaveLiveFile(system: System): void {
  users -= 1;
  if (users > 0 || taken || live === undefined) return;
  system.unmap(live.file);
  system.close(live.file.fd);
  live = undefined;
}

/** Address of the common file in this process; 0 while there is none. */
export function liveAddress(): bigint {
  return live?.file.address ?? 0n;
}

/**
 * Bytes that native code in every lane sees as they are, while it runs: thread
 * lanes and process lanes, of every pool of this process. (A view over a
 * `SharedArrayBuffer` is live in thread lanes only.) Pass it, or a view over its
 * buffer, where a `buffer` is declared; `Atomics` works on it, except for waiting.
 *
 * @param length bytes, from 1 to 2^32. They are zero at first.
 * @throws ArgumentError; EngineError OFFTHREAD_NO_SHARED_MEMORY where there is no memory to share.
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
  // A buffer of its own: the piece is freed when this buffer is unreachable.
  const view = heap.viewOf(piece, length);
  new Uint8Array(view).fill(0);
  markLive(view, offset);
  forgotten.register(view, () => heap.give(piece));
  return new Uint8Array(view);
}
