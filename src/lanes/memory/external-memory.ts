/**
 * Memory for bytes that do not fit a lane's arena. Thread lanes are sent views
 * over shared memory; a process lane finds them in the file that it maps.
 */
export interface ExternalMemory {
  /** Whether so much is lent that further calls should wait: what is lent at once bounds what is ever needed. */
  readonly exhausted: boolean;
  /** Whether the lane works on the caller's own SharedArrayBuffer; else on a copy, which is copied back. */
  readonly lendsShared: boolean;
  /** @returns so many bytes, of any content. @throws EngineError when there are none to be had. */
  take(bytes: number): Uint8Array;
  /** The bytes are no longer used. Views that did not come from here are left alone. */
  give(view: Uint8Array): void;
  /** What names a view in the payload. @param index how many there are before it. */
  cellOf(view: Uint8Array, index: number): number;
  /** Tells the lane of the views of a row: before it can see the row. */
  send(sequence: number, views: readonly Uint8Array[]): void;
}
