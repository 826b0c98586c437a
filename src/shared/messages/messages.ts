/**
 * The wire: what host and lane say to each other beside the table.
 *
 * Two channels. The data port carries what does not fit a row, in the order of
 * the rows; both ends read it with `receiveMessageOnPort`, never by event, so
 * it works while either side is blocked. The control port carries comlink.
 */
import type { MessagePort } from 'node:worker_threads';
import type { EngineName, FunctionSpec, Scalar } from '../../declare/spec.js';
import type { LaneSize } from '../memory/layout.js';
import type { LoadTerms } from './load-terms.js';

/** A function with the number that rows call it by. */
export interface NumberedFunction {
  readonly number: number;
  readonly spec: FunctionSpec;
}

/** What a host asks a process lane; a thread lane is asked over comlink. */
export type Question = 'report' | 'drain' | 'retire';

/** Host to lane, by the data port or by messages. */
export type ToLane =
  /** Functions that rows written after this may call. */
  | {
      readonly kind: 'library';
      /** What the loader knows it by. */
      readonly path: string;
      readonly engine: EngineName;
      /** Null where the lane's process has loaded it. */
      readonly terms: LoadTerms | null;
      readonly functions: readonly NumberedFunction[];
    }
  /** A persistent callback has been closed: its place may be used again. */
  | { readonly kind: 'close-callback'; readonly id: number }
  /** To be answered between calls. */
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /** Open a library and find what its functions need, without announcing them: the first lane to do so tells whether it can be done. */
  | {
      readonly kind: 'try';
      readonly id: number;
      readonly path: string;
      readonly engine: EngineName;
      readonly terms: LoadTerms;
      readonly specs: readonly FunctionSpec[];
    }
  /** The bytes of one call that are not in the arena: views over SharedArrayBuffers. */
  | { readonly kind: 'data'; readonly sequence: number; readonly views: readonly Uint8Array[] };

/** A thrown error as plain data. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly symbol?: string | undefined;
  readonly stack?: string | undefined;
}

/** Lane to host, by the data port or by messages. */
export type ToHost =
  /** To a question, when it was asked between calls. */
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly report: LaneReport;
      /** What trying to open a library failed with. */
      readonly error: ErrorData | null;
    }
  | { readonly kind: 'texts'; readonly generation: number; readonly texts: readonly (string | null)[] }
  | { readonly kind: 'error'; readonly generation: number; readonly error: ErrorData }
  /** The error that ends the lane's thread. */
  | { readonly kind: 'last-words'; readonly error: ErrorData }
  /** What a callback was called with, where it does not fit the channel. */
  | { readonly kind: 'record'; readonly chunk: boolean; readonly payload: ArrayBuffer };

/** What a lane of either kind is told. */
export interface LaneSettings {
  /** The host's `clockOrigin()`: the lane's times are on the host's clock. */
  readonly clockOrigin: number;
  /** µs to look for the next call before sleeping, after there was traffic. */
  readonly spinUs: number;
  /** Bytes of the stack that native code gets, where the engine lets one choose. */
  readonly stackBytes: number;
}

/** What the first lease of a thread lane brings. Later ones bring `null`: go on. */
export interface LaneBoot extends LaneSettings {
  readonly name: string;
  /** ms without a call after which the lease ends. */
  readonly leaseIdleMs: number;
  readonly memory: ArrayBufferLike;
  readonly size: LaneSize;
  readonly bell: SharedArrayBuffer;
  readonly data: MessagePort;
  readonly control: MessagePort;
}

/** An interrupt function. */
export interface InterruptFunction {
  readonly engine: EngineName;
  /** What the loader of its process has loaded the library by. */
  readonly path: string;
  readonly symbol: string;
  readonly types: readonly Scalar[];
}

/** An interrupt function to be called beside the running call of a row. */
export interface Interruption {
  readonly sequence: number;
  readonly generation: number;
  readonly target: InterruptFunction;
  readonly values: readonly (number | bigint)[];
}

/** What the interrupt thread of thread lanes is asked to do. */
export type InterruptOrder =
  /** Bind functions ahead of their first use. */
  | { readonly kind: 'prepare'; readonly functions: readonly InterruptFunction[] }
  | (Interruption & {
      readonly kind: 'interrupt';
      readonly memory: ArrayBufferLike;
      readonly size: LaneSize;
    });

/** The interrupt function of a declared function; null where it has none. */
export function interruptOf(spec: FunctionSpec, engine: EngineName, path: string): InterruptFunction | null {
  const { onCancel, params } = spec;
  if (onCancel === null) return null;
  const types = onCancel.arguments.map((index) => {
    const param = params[index];
    return param !== undefined && 'type' in param ? param.type : 'pointer';
  });
  return { engine, path, symbol: onCancel.symbol, types };
}

/** What a lane tells about itself. */
export interface LaneReport {
  /** Name of the lane. */
  readonly lane: string;
  /** The lane's own process, or the host's. */
  readonly pid: number;
  /** `threadId` of `node:worker_threads` in the lane; 0 in a process. */
  readonly threadId: number;
  /** Resident bytes of the lane's process; 0 for a thread, which has none of its own. */
  readonly residentBytes: number;
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
  retire(): Promise<void>;
}
