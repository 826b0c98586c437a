/** Bytes that callers give. */

/** Bytes up to which one string or buffer is copied into the arena. */
export const INLINE_LIMIT = 4_096;

/** The bytes of anything that a `buffer` parameter takes. */
export function bytesOf(value: ArrayBufferLike | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

/** Whether native code is to work on the caller's own memory. */
export function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}

/** Those bytes in shared memory: themselves, or a copy. */
export function share(bytes: Uint8Array): Uint8Array {
  if (isShared(bytes)) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}
