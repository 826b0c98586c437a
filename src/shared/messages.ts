/**
 * The wire: what host and lane say to each other beside the table.
 *
 * Two channels. The data port carries what does not fit a row, in the order of
 * the rows; both ends read it with `receiveMessageOnPort`, never by event, so
 * it works while either side is blocked. The control port carries comlink.
 */
import type { MessagePort } from 'node:worker_threads';
import type { EngineName, FunctionSpec, Scalar } from '../declare/spec.js';
import type { LaneSize } from './layout.js';

/** A function with the number that rows call it by. */
export interface NumberedFunction {
  readonly number: number;
  readonly spec: FunctionSpec;
}

/** Host to lane, by the data port. */
export type ToLane =
  /** Functions that rows written after this may call. */
  | {
      readonly kind: 'library';
      readonly path: string;
      readonly engine: EngineName;
      readonly functions: readonly NumberedFunction[];
    }
  /** A persistent callback has been closed: its place may be used again. */
  | { readonly kind: 'close-callback'; readonly id: number }
  /** The bytes of one call that are not in the arena: views over SharedArrayBuffers. */
  | { readonly kind: 'data'; readonly sequence: number; readonly views: readonly Uint8Array[] };

/** A thrown error as plain data. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
}

/** Lane to host, by the data port. */
export type ToHost =
  | { readonly kind: 'texts'; readonly generation: number; readonly texts: readonly (string | null)[] }
  | { readonly kind: 'error'; readonly generation: number; readonly error: ErrorData }
  /** What a callback was called with, where it does not fit the channel. */
  | { readonly kind: 'record'; readonly chunk: boolean; readonly payload: ArrayBuffer };

/** What the first lease of a lane brings. Later ones bring `null`: go on. */
export interface LaneBoot {
  readonly name: string;
  readonly memory: SharedArrayBuffer;
  readonly size: LaneSize;
  readonly bell: SharedArrayBuffer;
  readonly data: MessagePort;
  readonly control: MessagePort;
  /** The host's `clockOrigin()`: the lane's times are on the host's clock. */
  readonly clockOrigin: number;
  /** µs to look for the next call before sleeping, after there was traffic. */
  readonly spinUs: number;
  /** ms without a call after which the lease ends. */
  readonly leaseIdleMs: number;
  /** Bytes of the stack that native code gets, where the engine lets one choose. */
  readonly stackBytes: number;
}

/** An interrupt function. */
export interface InterruptFunction {
  readonly engine: EngineName;
  readonly path: string;
  readonly symbol: string;
  readonly types: readonly Scalar[];
}

/** What the interrupt thread is asked to do. */
export type InterruptOrder =
  /** Bind functions ahead of their first use. */
  | { readonly kind: 'prepare'; readonly functions: readonly InterruptFunction[] }
  /** Call one beside the running call of a row. */
  | {
      readonly kind: 'interrupt';
      readonly memory: SharedArrayBuffer;
      readonly size: LaneSize;
      readonly sequence: number;
      readonly generation: number;
      readonly target: InterruptFunction;
      readonly values: readonly (number | bigint)[];
    };

/** What a lane tells about itself, over comlink. */
export interface LaneReport {
  readonly threadId: number;
  /** Calls run since the lane started. */
  readonly calls: number;
  /** ms since the lane started. */
  readonly uptimeMs: number;
  /** Bytes of the lane's own JavaScript heap in use. */
  readonly heapUsedBytes: number;
  /** Engines loaded in the lane. */
  readonly engines: readonly EngineName[];
}

/** What the lane offers over comlink. */
export interface LaneControl {
  /** Binds everything sent so far, so that the first call does not pay for it. */
  setUp(): LaneReport;
  report(): LaneReport;
  /** Runs every row written before it was called. */
  drain(): void;
  /** The same; then gives every callback back, for the thread's end. */
  retire(): void;
}
