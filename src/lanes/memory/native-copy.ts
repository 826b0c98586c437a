/**
 * Copies bytes out of shared memory. V8 copies shared bytes word by word; from a kilobyte on, a call of the C library's
 * memcpy is faster.
 *
 * Safe although other threads use the memory: a record belongs to the reader until it is released.
 */
import type { Engine } from '../../engines/engine.js';
import { type NativeMemory, nativeMemory } from '../../engines/system/native-memory.js';
import { addressOf } from './addresses.js';

/** Bytes from which a call of memcpy is faster. */
const WORTH_BYTES = 1_024;

let native: NativeMemory | null = null;

/** Sets an engine whose calls are fast enough for copying. */
export function copyWith(engine: Engine): void {
  if (engine.capabilities.numericPointers) native ??= nativeMemory(engine);
}

/** Copies `target.length` bytes from `at` on. */
export function copyOut(source: Uint8Array, at: number, target: Uint8Array): void {
  if (native === null || target.length < WORTH_BYTES) {
    target.set(source.subarray(at, at + target.length));
    return;
  }
  native.copy(addressOf(target), 0, addressOf(source) + at, target.length);
}
