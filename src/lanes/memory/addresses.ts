/**
 * Native addresses of buffers. Each is found once: the memory of a buffer does not move, only that of small typed arrays
 * without a buffer of their own does, and asking for the buffer ends that.
 */
import type { Engine } from '../../engines/engine.js';

let finder: Engine | null = null;
const addresses = new WeakMap<ArrayBufferLike, number>();

/** Sets an engine that finds addresses in this thread. The fastest one that is set is used. */
export function findWith(engine: Engine): void {
  if (finder === null || (finder.name === 'ffi-rs' && engine.name !== 'ffi-rs')) finder = engine;
}

/** The same as {@link addressOf} for memory whose address is needed once: it is not remembered. */
export function findAddress(bytes: Uint8Array): number {
  return Number((finder as Engine).addressOf(bytes));
}

/** Address of the first of some bytes. Valid while their buffer is referenced and not detached. */
export function addressOf({ buffer, byteOffset }: Uint8Array): number {
  let address = addresses.get(buffer);
  if (address === undefined) {
    address = findAddress(new Uint8Array(buffer));
    addresses.set(buffer, address);
  }
  return address + byteOffset;
}
