/** A call as the supervisor handles it. The public call object is in the layer above. */
import type { AsyncResource } from 'node:async_hooks';
import type { OffthreadError } from '../errors.js';
import type { Lane } from '../lanes/lane.js';
import type { Ticket, TicketItems } from '../lanes/rows/ticket.js';
import type { CallTrace } from '../observe/trace.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';

/** How a call can end. */
export type Ending = 'succeeded' | 'failed' | 'cancelled' | 'timed-out';

/** The endings that can be requested. */
export type StopEnding = Extract<Ending, 'cancelled' | 'timed-out'>;

/** A running call that was asked to stop. */
export interface Stopping {
  /** The first cause; later ones are ignored. */
  readonly error: OffthreadError;
  readonly ending: StopEnding;
  /** When the call is given up, in ms on the host's clock. */
  readonly giveUpAt: number;
  /** When the interrupt function is called again; Infinity without one. */
  interruptAt: number;
}

/** Takes the chunks of a call. The public stream is in the layer above. */
export interface ChunkSink {
  /** The call is in a lane now. */
  attach(lane: JobLane): void;
  /** The call has been withdrawn from its lane. */
  detach(): void;
  /** There may be chunks: takes those that a reader or handler waits for. @returns how many. */
  offer(lane: JobLane): number;
  /**
   * Native code has ended in this way; `lane` is null when it never began.
   * @returns whether the call settles now; if false, the sink settles it after the last chunk has been read.
   */
  end(lane: JobLane | null, ending: Ending, value: unknown, error: unknown): boolean;
  /** Whether a handler has returned a promise, which settles only while the host's thread does not block. */
  readonly awaitsHandler: boolean;
  /** Stops waiting for a handler that cannot settle. Once native code has returned, the call fails with this error. */
  abandon(error: OffthreadError): void;
}

/** State of a call's callbacks and stream while native code runs. */
export interface CallbackState {
  /** Takes the chunks; null for a call without a stream. */
  readonly sink: ChunkSink | null;
  /** The async context of the caller, in which the call's functions run; null for a call without functions. */
  readonly context: AsyncResource | null;
  /** The first failure on the host: the call fails with it, whatever native code returns. */
  failure: OffthreadError | null;
}

/** The items of a batch. */
export interface JobItems extends TicketItems {
  /** Number of finished items; the next one runs, or ended the job. Known once {@link collect} has been called. */
  readonly done: number;
  /** Copies the results out of a lane's memory before the memory is reused. */
  collect(memory: LaneMemory, sequence: number): void;
  /** Arguments of an item. */
  argumentsOf(index: number): readonly unknown[];
}

export interface Job extends Ticket {
  readonly items: JobItems | null;
  /** Whether the call is numbers only, nothing limits it but its timeout, and nothing unusual has happened to it. */
  readonly plain: boolean;
  /** The lane of its session, the only one that takes it; null for a call of no session. */
  readonly boundTo: Lane<Job> | null;
  /** When the timeout expires, in ms on the host's clock. */
  timeoutAt(startedAt: number, now: number): number;
  /** Null for calls without callbacks and streams. */
  callbackState: CallbackState | null;
  /** ms for each function on the host; undefined for that of the declaration or the pool. */
  readonly hostTimeout: number | undefined;
  /** ms of running allowed; Infinity for unlimited. */
  readonly timeout: number;
  readonly createdAt: number;
  /** Most starts of the call, counting those that crashed a lane. */
  readonly attempts: number;
  /** Number of lanes that the call has crashed. */
  crashes: number;
  /** ms on the host's clock; null until known. */
  startedAt: number | null;
  endedAt: number | null;
  readonly isSettled: boolean;
  /** The lane that has the call, or null while the call is queued on the host. */
  lane: Lane<Job> | null;
  /** Its row in that lane. */
  sequence: number;
  /** Set once the running call was asked to stop. */
  stopping: Stopping | null;
  /** The call's record in the audit trail; null when the trail had no subscriber when the call was made. */
  readonly trace: CallTrace | null;
  /** Ends a plain call that has succeeded. Times are in ms on the host's clock. */
  succeed(value: unknown, startedAt: number, endedAt: number): void;
  /** The only other way to end a call. Has no effect on a settled call. */
  settle(ending: Ending, value: unknown, error: unknown): void;
}

export type JobLane = Lane<Job>;
