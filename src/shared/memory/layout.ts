/**
 * The layout of a lane's shared memory. All positions are named here; no other file has a bare index.
 *
 *      0  header   words that host and lane signal with, a cache line each
 *    512  table    one 64-byte row a slot: state, cancelFlag, progress, times, result
 *      …  arena    arguments, strings and bytes of the calls in the table
 *      …  channel  where native code calls back, see `channel.ts`
 *      …  blocks   for the items of batches, see `batch-layout.ts`
 *
 * A lane's ring is its slice of the call table: the host writes rows at the tail, the lane runs them at the head, in
 * order. So one row carries a call and its result, and the memory of a lane that is given up is not reused: stuck
 * native code may still touch it.
 */

/** Bytes of a row: a cache line. */
export const ROW_BYTES = 64;
/** Int32 words in a row. */
export const ROW_WORDS: number = ROW_BYTES / 4;
/** Doubles (or 64-bit integers) in a row. */
export const ROW_DOUBLES: number = ROW_BYTES / 8;

/** Header: index of each Int32 word. What one side writes often has a cache line to itself. */
export const Header = {
  /** Counts wake-ups; the lane sleeps on it. Host writes. */
  DOORBELL: 0,
  /** 1 while the lane sleeps on the doorbell. Set by the lane, cleared by the side that wakes it. */
  SLEEPING: 16,
  /** Sequence number after the last row the host has written. Host writes. */
  TAIL: 48,
  /** 1 while the host makes many calls in a tick: the lane looks longer for the next before it sleeps. Host writes. */
  MORE_TO_COME: 49,
  /** Sequence number after the last row that the lane has finished. Lane writes. */
  HEAD: 64,
  /** A {@link Phase}. Lane writes. */
  PHASE: 65,
  /** Resident size of the lane's process in KB, as last measured; 0 for threads. Lane writes. */
  RESIDENT_KB: 66,
  /** Positions of the message pipes of a process lane, see `message-channel.ts`. */
  MESSAGES_DOWN_WRITE: 50,
  MESSAGES_DOWN_READ: 67,
  MESSAGES_UP_WRITE: 68,
  MESSAGES_UP_READ: 51,
  /** 1 while the lane waits for room to send messages. Lane writes. */
  MESSAGES_UP_WAITS: 69,
  /** 1 while the host waits for room to send messages. Host writes. */
  MESSAGES_DOWN_WAITS: 56,
  /** 1 while the host sleeps: a process lane that clears it must ring. Host sets. */
  BELL_ARMED: 52,
  /** Address at which the host's shared bytes are mapped, for thread lanes: 8 bytes. Host writes. */
  SHARED_BASE: 54,
  /** 1 once the lane runs. Lane writes. */
  READY: 80,
  /** 1 once the lane's thread is ending on its own (`process.exit`, an uncaught error). Lane writes. */
  GONE: 96,
  /** Its exit code then. Lane writes, before GONE. */
  EXIT_CODE: 97,
  /** The system's number of the lane's thread; 0 if it is not available. Lane writes. */
  THREAD: 98,
  /** 1 once a process lane has found its end of the socket closed, by other code than its own. Lane writes. */
  SEVERED: 99,
  /** Number of add-ons that modules have loaded into the lane's thread. Lane writes. */
  ADDONS: 100,
  /** Number of modules that the lane is loading, whose functions rows may call. Lane writes. */
  MODULES_LOADING: 101,
  /** 1 once the lane's thread is to end by itself, as soon as it can. Host writes. */
  LEAVE: 57,
  /** Sequence number from which the lane rings an armed bell; before it, results gather. Host writes. */
  RING_AT: 88,
  /** Libraries the host has told the lane of. Host writes. */
  ANNOUNCED: 104,
  /** Libraries the lane has bound. Lane writes, after the last call into an engine for it. */
  BOUND: 112,
  /** Questions that the host has sent to the event loop of a thread lane. Host writes, before it sends. */
  ASKED: 105,
  /** Those that have been answered: when equal, the lane's event loop has nothing to do. Lane writes. */
  ANSWERED: 113,
} as const;
export const HEADER_BYTES = 512;

/** What a lane is doing, for the report of its death. */
export const Phase = {
  /** Not ready yet, or opening a library. */
  BOOT: 0,
  IDLE: 1,
  /** In native code. */
  CALL: 2,
  /** Native code has returned; its results are being read. */
  ANSWER: 3,
} as const;

/** A row: index of each Int32 word from the row's first. */
export const RowWord = {
  /** State and generation, see `states.ts`. */
  STATE: 0,
  /** The cancelFlag: 0, or a {@link StopCause}. Native code may read it. */
  CANCEL: 1,
  /** An {@link Interrupt}. */
  INTERRUPT: 2,
  /** Id of the function to call. */
  FUNCTION: 3,
  /** Byte offset of the payload in the arena (from the start of the memory). */
  PAYLOAD: 4,
  /** {@link Outcome} bits, and errno from bit 8 up. */
  OUTCOME: 5,
} as const;

/** A row: index of each 8-byte field from the row's first. */
export const RowDouble = {
  /** Progress: two doubles, `done` then `total`. Native code writes. */
  DONE: 3,
  TOTAL: 4,
  /** ms on the host's clock. Lane writes. */
  STARTED: 5,
  ENDED: 6,
  /** The returned value: int32, uint32, double or 64-bit integer, by the function's type. Lane writes. */
  RESULT: 7,
} as const;

/** Byte offset in a row of up to {@link ROW_CELLS} argument cells: where `DONE` and `TOTAL` are, of calls without progress. */
export const ROW_ARGUMENTS: number = RowDouble.DONE * 8;
export const ROW_CELLS = 2;

/** Why a running call was asked to stop: what native code finds in its cancel flag. `FAILED`: a function on the host did. */
export const StopCause = { CANCELLED: 1, TIMED_OUT: 2, FAILED: 3 } as const;

/**
 * The handshake that keeps an interrupt function (`onCancel`) from running
 * after its call has returned, when the handle may already be freed: the
 * interrupter swaps idle → running → idle, as often as it takes; the lane swaps
 * idle → closed before it gives the call back.
 */
export const Interrupt = { IDLE: 0, RUNNING: 1, CLOSED: 2 } as const;

/** The outcome of a call, in addition to the state. Before the run, the word holds {@link Request} bits. */
export const Outcome = {
  /** The function failed by the declaration's rule. */
  NATIVE_FAILURE: 1,
  /** The engine threw; the error comes by message port. */
  THREW: 2,
  /** At least one text was too long for its area; texts come by message port. */
  TEXT_BY_PORT: 4,
  /** With THREW: native code had returned, but its results could not be read. */
  ANSWER_LOST: 8,
} as const;
export const ERRNO_SHIFT = 8;
/** Before an outcome: the host's options for a row. */
export const Request = {
  /** The lane rings when the call starts, because a listener waits for the start. */
  ANNOUNCE_START: 1,
  /** The row is a batch, see `batch-layout.ts`. Its payload: the number of items, and the byte offset of their block. */
  BATCH: 2,
} as const;

/** The host's doorbell: one small SharedArrayBuffer per pool, which all its lanes ring. */
export const Bell = {
  /** Counts rings; the host sleeps on it. */
  COUNT: 0,
  /** 1 while the host sleeps. Host sets; the lane that clears it must ring. */
  ARMED: 16,
} as const;
export const BELL_BYTES = 128;

/** Size of a lane's memory. */
export interface LaneSize {
  /** Rows in the table: a power of two. */
  readonly rows: number;
  /** Bytes of the arena: a multiple of 16. */
  readonly arenaBytes: number;
  /** Bytes of the pipe of chunks: a power of two; 0 for a lane without a channel. */
  readonly chunkBytes: number;
  /** Bytes of each of the {@link BATCH_BLOCKS} blocks for batches: a multiple of 8; 0 for a lane without blocks. */
  readonly batchBytes: number;
}

/** One batch runs, another is ready behind it. */
export const BATCH_BLOCKS = 2;

/** Byte offset of the arena. */
export function arenaStart(size: LaneSize): number {
  return HEADER_BYTES + size.rows * ROW_BYTES;
}
