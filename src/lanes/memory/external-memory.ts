/**
 * Memory for bytes that do not fit in a lane's arena. Thread lanes are given addresses; process lanes find the bytes in
 * the file that they map.
 */
import type { HeldBytes } from '../../declare/values/held-bytes.js';
import type { ToLane } from '../../shared/messages/messages.js';

export interface ExternalMemory {
  /** Whether so much is lent that further calls should wait: the amount lent at once bounds the total memory. */
  readonly exhausted: boolean;
  /** Whether native code works on the host's memory itself; otherwise on a copy, which is copied back. */
  readonly lendsShared: boolean;
  /** @returns bytes with undefined content, not held yet. @throws EngineError if no memory is available. */
  take(bytes: number): HeldBytes;
  /** The cell by which the lane finds bytes. */
  cellOf(held: HeldBytes): number;
  /** Sends a message to the lane, before the lane can see the row that it belongs to. */
  post(message: ToLane, transfers: readonly object[]): void;
  /** Sends the lent columns of a batch to the lane, before the lane can see its row. */
  send(sequence: number, columns: readonly HeldBytes[]): void;
}
