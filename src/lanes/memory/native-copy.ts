/**
 * Copies out of shared memory. V8 copies shared bytes one word after the
 * other; from a kilobyte on the C library's memcpy is worth a call.
 *
 * Safe although other threads may use that memory: a record belongs to the
 * reader until it is given back.
 */
import type { Engine } from '../../engines/engine.js';
import { type NativeMemory, nativeMemory } from '../../engines/system/native-memory.js';

/** Bytes from which a call of memcpy is faster. */
const WORTH_BYTES = 1_024;

let native: { readonly engine: Engine; readonly memory: NativeMemory } | null = null;
const addresses = new WeakMap<ArrayBufferLike, number | bigint>();

/** An engine whose calls are fast enough for this: from now on it is used. */
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

/** Asked once for each memory: it does not move. */
function addressOf(buffer: ArrayBufferLike): number | bigint {
  let address = addresses.get(buffer);
  if (address === undefined) {
    const { engine, memory } = native as NonNullable<typeof native>;
    address = memory.form(engine.addressOf(new Uint8Array(buffer)));
    addresses.set(buffer, address);
  }
  return address;
}
