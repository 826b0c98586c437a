/**
 * What goes between the host and a process lane that shares no memory with it:
 * everything, as messages, one call at a time.
 */
import type { ToHost, ToLane } from './messages/messages.js';

/** Host to lane. */
export type CrateDown =
  /** What a lane that shares memory gets by mail. */
  | { readonly kind: 'mail'; readonly message: ToLane }
  /** A call. Its blobs: its row, its payload, then the bytes that are not in the payload. */
  | {
      readonly kind: 'call';
      readonly sequence: number;
      /** Where its payload lies in the lane's memory, as in the host's. */
      readonly payload: number;
      /** For each of the bytes that are not in the payload: whether they are wanted back. */
      readonly back: readonly boolean[];
    };

/** Lane to host: how it is, and what it has. */
export interface CrateUp {
  /** The words of these names in the lane's memory, see `layout.ts`. */
  readonly phase: number;
  readonly ready: number;
  readonly bound: number;
  readonly residentKb: number;
  /** What a lane that shares memory sends by mail. */
  readonly post: ToHost | null;
  /** The call that is over. The blobs: its row, its payload, then the bytes that are wanted back. */
  readonly done: number | null;
}
