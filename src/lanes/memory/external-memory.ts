/**
 * Memory for bytes that do not fit in a lane's arena. Thread lanes receive views over shared memory; process lanes find
 * the bytes in the file that they map.
 */
export interface ExternalMemory {
  /** Whether so much is lent that further calls should wait: the amount lent at once bounds the total memory. */
  readonly exhausted: boolean;
  /** Whether the lane works on the caller's SharedArrayBuffer directly; otherwise on a copy, which is copied back. */
  readonly lendsShared: boolean;
  /** @returns bytes with undefined content. @throws EngineError if no memory is available. */
  take(bytes: number): Uint8Array;
  /** Releases bytes. Views of other memory are ignored. */
  give(view: Uint8Array): void;
  /** The cell that identifies a view in the payload. @param index number of views before it. */
  cellOf(view: Uint8Array, index: number): number;
  /** Sends the views of a row to the lane, before the lane can see the row. */
  send(sequence: number, views: readonly Uint8Array[]): void;
}
