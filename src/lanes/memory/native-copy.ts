/**
 * Copies bytes out of shared memory. V8 copies shared bytes word by word; from a kilobyte on, a call of the C library's
 * memcpy is faster.
 *
 * Safe although other threads use the memory: a record belongs to the reader until it is released.
 */
import type { Engine } from '../../engines/engine.js';
import { type NativeMemory, nativeMemory } from '../../engines/system/native-memory.js';

/** Bytes from which a call of memcpy is faster. */
const WORTH_BYTES = 1_024;

let native: { readonly engine: Engine; readonly memory: NativeMemory } | null = null;
const addresses = new WeakMap<ArrayBufferLike, number | bigint>();

/** Sets an engine whose calls are fast enough for copying. */
export function copyWith(engine: Engine): void {
  if (engine.capabilities.numericPointers) native ??= { engine, memory: nativeMemory(engine) };
}

/** Copies `target.length` bytes from `at` on. */
export function copyOut(source: Uint8Array, at: number, target: Uint8Array): void {
  if (native === null || target.length < WORTH_BYTES) {
    target.set(source.subarray(at, at + target.length));
    return;
  }
  const from = addressOf(source.buffer);
  const to = addressOf(target.buffer);
  if (typeof from === 'number') native.memory.copy(to, target.byteOffset, from + at, target.length);
  else native.memory.copy(to, target.byteOffset, from + BigInt(at), target.length);
}

/** Computed once for each buffer: its memory does not move. */
function addressOf(buffer: ArrayBufferLike): number | bigint {
  let address = addresses.get(buffer);
  if (address === undefined) {
    const { engine, memory } = native as NonNullable<typeof native>;
    address = memory.form(engine.addressOf(new Uint8Array(buffer)));
    addresses.set(buffer, address);
  }
  return address;
}
