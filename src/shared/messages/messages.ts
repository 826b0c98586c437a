/**
 * The messages between host and lane in addition to the table.
 *
 * Two channels. The data port carries data that does not fit in a row, in the order of the rows; both ends read it with
 * `receiveMessageOnPort`, never by event, so it works while either side is blocked. The control port carries comlink.
 */
import type { MessagePort } from 'node:worker_threads';
import type { EngineName, FunctionSpec, Scalar } from '../../declare/spec.js';
import type { LaneSize } from '../memory/layout.js';
import type {
  ModuleAnswer,
  ModuleOrder,
  NumberedExport,
  ThrownData,
  ValueMessage,
} from './module-messages.js';
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
      /** The name by which the loader knows the library. */
      readonly path: string;
      readonly engine: EngineName;
      /** Null if the lane's process has loaded the library. */
      readonly terms: LoadTerms | null;
      readonly functions: readonly NumberedFunction[];
    }
  /** Functions of a module that rows written after this may call. */
  | { readonly kind: 'module'; readonly order: ModuleOrder; readonly functions: readonly NumberedExport[] }
  /** Load a module, without announcing its functions: the first lane to load it reports what it exports. */
  | { readonly kind: 'load'; readonly id: number; readonly order: ModuleOrder }
  /** An engine that a library will probably need: loading it takes ms. */
  | { readonly kind: 'engine'; readonly engine: EngineName }
  /** A persistent callback has been closed: its place may be used again. */
  | { readonly kind: 'close-callback'; readonly id: number }
  /** To be answered between calls. */
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  /**
   * Open a library and find what its functions need, without announcing them: the first lane to open it reports whether
   * that works.
   */
  | {
      readonly kind: 'try';
      readonly id: number;
      readonly path: string;
      readonly engine: EngineName;
      readonly terms: LoadTerms;
      readonly specs: readonly FunctionSpec[];
    }
  /** The arguments of a call of a module's function. */
  | { readonly kind: 'values'; readonly sequence: number; readonly message: ValueMessage }
  /** A value that the lane keeps is no longer needed; 0 for all of them. */
  | { readonly kind: 'release'; readonly id: number }
  /** The answer of a function on the host that a module has called. */
  | {
      readonly kind: 'answer';
      readonly request: number;
      readonly outcome: { readonly message: ValueMessage } | { readonly thrown: ThrownData };
    }
  /** The lent columns of a batch: views over SharedArrayBuffers. */
  | { readonly kind: 'columns'; readonly sequence: number; readonly columns: readonly Uint8Array[] };

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
  /** The answer to a question that was asked between calls. */
  | {
      readonly kind: 'reply';
      readonly id: number;
      readonly report: LaneReport;
      /** The error of opening a library. */
      readonly error: ErrorData | null;
      /** The file of a library that was opened, where the loader tells. */
      readonly file: string | null;
      /** What was found in a module that was to be loaded. */
      readonly module: ModuleAnswer | null;
    }
  | { readonly kind: 'texts'; readonly generation: number; readonly texts: readonly (string | null)[] }
  | { readonly kind: 'error'; readonly generation: number; readonly error: ErrorData }
  /** What a module's function has returned, or thrown. */
  | { readonly kind: 'value'; readonly generation: number; readonly message: ValueMessage }
  | { readonly kind: 'thrown'; readonly generation: number; readonly thrown: ThrownData }
  /** The error that ends the lane's thread. */
  | { readonly kind: 'last-words'; readonly error: ErrorData }
  /** The arguments of a callback, if they do not fit in the channel. */
  | { readonly kind: 'record'; readonly chunk: boolean; readonly payload: ArrayBuffer | ValueMessage };

/** The settings of a lane of either kind. */
export interface LaneSettings {
  /** The host's `clockOrigin()`: the lane's times are on the host's clock. */
  readonly clockOrigin: number;
  /** µs to poll for the next call before sleeping, after recent calls. */
  readonly spinUs: number;
  /** Bytes of the stack for native code, if the engine allows a choice. */
  readonly stackBytes: number;
}

/** The data with which a thread lane boots. */
export interface LaneBoot extends LaneSettings {
  readonly name: string;
  readonly memory: ArrayBufferLike;
  readonly size: LaneSize;
  readonly bell: SharedArrayBuffer;
  readonly data: MessagePort;
  readonly control: MessagePort;
}

/** An interrupt function. */
export interface InterruptFunction {
  readonly engine: EngineName;
  /** The name by which the loader of the process has loaded the library. */
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

/** The orders for the interrupt thread of thread lanes. */
export type InterruptOrder =
  /** Bind functions ahead of their first use. */
  | { readonly kind: 'prepare'; readonly functions: readonly InterruptFunction[] }
  | (Interruption & {
      readonly kind: 'interrupt';
      readonly memory: ArrayBufferLike;
      readonly size: LaneSize;
    });

/** The interrupt function of a declared function; null if it has none. */
export function interruptOf(spec: FunctionSpec, engine: EngineName, path: string): InterruptFunction | null {
  const { onCancel, params } = spec;
  if (onCancel === null) return null;
  const types = onCancel.arguments.map((index) => {
    const param = params[index];
    return param !== undefined && 'type' in param ? param.type : 'pointer';
  });
  return { engine, path, symbol: onCancel.symbol, types };
}

/** The report of a lane. */
export interface LaneReport {
  /** Name of the lane. */
  readonly lane: string;
  /** The lane's own process, or the host's. */
  readonly pid: number;
  /** `threadId` of `node:worker_threads` in the lane; 0 in a process. */
  readonly threadId: number;
  /** Resident bytes of the lane's process; 0 for a thread, which shares the host's memory. */
  readonly residentBytes: number;
  /** Number of calls run since the lane started. */
  readonly calls: number;
  /** ms since the lane started. */
  readonly uptimeMs: number;
  /** Bytes of the lane's own JavaScript heap in use. */
  readonly heapUsedBytes: number;
  /** Engines loaded in the lane. */
  readonly engines: readonly EngineName[];
}

/** The functions that a lane offers over comlink. */
export interface LaneControl {
  /** Loads a module. */
  load(order: ModuleOrder): Promise<ModuleAnswer>;
  /** Binds everything sent so far, so that the first call does not pay for it. */
  setUp(): LaneReport | Promise<LaneReport>;
  report(): LaneReport | Promise<LaneReport>;
  /** Runs every row written before it was called. */
  drain(): void | Promise<void>;
  /** Like {@link drain}; then releases every callback, before the thread ends. */
  retire(): Promise<void>;
}
