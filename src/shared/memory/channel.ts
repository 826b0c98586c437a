/**
 * The channel of a lane: where native code calls back while it runs. It lies
 * behind the arena, in the lane's own memory.
 *
 *     0  words   what lane and host signal with, a cache line each
 *   512  calls   a pipe of requests to run a function on the host
 *     …  chunks  a pipe of chunks
 *     …  grants  the buffers that the host grants for large chunks, see `buffer-grants.ts`
 *
 * One thread writes the pipes, the lane's; one reads them, the host's. What
 * makes a lane wait inside a callback is one word, the wait point: the host bumps it
 * for everything that the lane can wait for (a reply, a reader that continues, a
 * cancellation, an end), so a waiting lane never misses one of them.
 */
import { BATCH_BLOCKS, arenaStart, type LaneSize } from './layout.js';

/** Index of each Int32 word from the channel's first. */
export const Channel = {
  /** Counts the events that a lane can wait for. Host writes. */
  WAIT_WORD: 0,
  /** 1 once the lane is ending: no callback waits any more. Host writes. */
  CLOSING: 1,
  /** 1 while a reader waits for a chunk: then the lane rings for it. Host writes. */
  WANTED: 2,
  /** 1 while the lane waits at the wait point. Set by the lane, cleared by the side that wakes it. */
  WAITING: 16,
  /** Number of the last request answered. Host writes, after status and value. */
  REPLY: 32,
  /** A {@link Reply}. */
  REPLY_STATUS: 33,
  /** The value, 8 bytes: int32, uint32, double or 64-bit integer, by the callback's type. */
  REPLY_VALUE: 34,
  CALLS_WRITE: 48,
  CALLS_READ: 64,
  CHUNKS_WRITE: 80,
  /** Chunks written so far, modulo 2^32. Lane writes. */
  CHUNKS_WRITTEN: 81,
  /** Granted buffers that the lane has passed so far, modulo 2^32. Lane writes. */
  GRANTS_PASSED: 82,
  CHUNKS_READ: 96,
  /** Chunks taken so far, modulo 2^32. Host writes. */
  CHUNKS_TAKEN: 97,
  /** Buffers granted for chunks so far, modulo 2^32. Host writes. */
  GRANTED: 98,
  /** Callbacks that came when no call could take them. Lane writes. */
  LATE: 112,
  /** 1 once a thread that native code created has called back. Lane writes. */
  THREADED: 113,
} as const;
const CHANNEL_HEADER_BYTES = 512;

/** The kinds of replies to a request. */
export const Reply = {
  /** The value. */
  VALUE: 1,
  /** There is no value: native code gets the declared fallback. */
  NONE: 2,
} as const;

/** Bytes of the pipe of requests. */
export const CALLS_BYTES = 16_384;

/** Number of granted buffers that the lane may not have passed yet: a power of two. */
export const GRANTS = 64;
/** A granted buffer: index of each double from its first. */
export const GrantDouble = { ADDRESS: 0, BYTES: 1 } as const;
export const GRANT_DOUBLES = 2;
const GRANTS_BYTES: number = GRANTS * GRANT_DOUBLES * 8;

/** Byte offset of the channel. */
export function channelStart(size: LaneSize): number {
  return arenaStart(size) + size.arenaBytes;
}

/** Bytes of the channel of a lane of that size. */
function channelBytes(size: LaneSize): number {
  return size.chunkBytes === 0 ? 0 : CHANNEL_HEADER_BYTES + CALLS_BYTES + size.chunkBytes + GRANTS_BYTES;
}

/** Byte offset of the granted buffers. */
export function grantsStart(size: LaneSize): number {
  return channelStart(size) + CHANNEL_HEADER_BYTES + CALLS_BYTES + size.chunkBytes;
}

/** Byte offset of the blocks for batches. */
export function blocksStart(size: LaneSize): number {
  return channelStart(size) + channelBytes(size);
}

/** Bytes of the whole lane memory. */
export function memoryBytes(size: LaneSize): number {
  return blocksStart(size) + BATCH_BLOCKS * size.batchBytes;
}

/** Where a pipe is. */
export interface PipePlace {
  /** Byte offset of its first byte: a multiple of 8. */
  readonly start: number;
  /** A power of two. */
  readonly bytes: number;
  /** Index of the word with the write position. */
  readonly write: number;
  readonly read: number;
}

/** The pipe of requests. */
export function callsPipe(size: LaneSize): PipePlace {
  const start = channelStart(size);
  return {
    start: start + CHANNEL_HEADER_BYTES,
    bytes: CALLS_BYTES,
    write: start / 4 + Channel.CALLS_WRITE,
    read: start / 4 + Channel.CALLS_READ,
  };
}

/** The pipe of chunks. */
export function chunksPipe(size: LaneSize): PipePlace {
  const start = channelStart(size);
  return {
    start: start + CHANNEL_HEADER_BYTES + CALLS_BYTES,
    bytes: size.chunkBytes,
    write: start / 4 + Channel.CHUNKS_WRITE,
    read: start / 4 + Channel.CHUNKS_READ,
  };
}
