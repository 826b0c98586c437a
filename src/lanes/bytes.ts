/** How callers' bytes travel. */
import { isShared } from '../declare/bytes.js';

/** Bytes up to which one string or buffer is copied into the arena. */
export const INLINE_LIMIT = 4_096;

/** Those bytes in shared memory: themselves, or a copy. */
export function share(bytes: Uint8Array): Uint8Array {
  if (isShared(bytes)) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}
