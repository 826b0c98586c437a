/** An address for buffers that have none. */

let bytes: Uint8Array | undefined;

/**
 * A valid address, never null, for a view over an empty buffer: C functions
 * often read NULL as "no buffer" (zlib's crc32 starts over), not as "no bytes".
 */
export function emptyAddress(addressOf: (view: Uint8Array) => bigint): bigint {
  bytes ??= new Uint8Array(16);
  return addressOf(bytes);
}
