/** A call as the supervisor handles it. The public call object is in the layer above. */
import type { AsyncResource } from 'node:async_hooks';
import type { OffthreadError } from '../errors.js';
import type { Lane } from '../lanes/lane.js';
import type { Ticket, TicketItems } from '../lanes/rows/ticket.js';
import type { CallTrace } from '../observe/trace.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';

/** How a call can end. */
export type Ending = 'succeeded' | 'failed' | 'cancelled' | 'timed-out';

/** The two endings that can be asked for. */
export type StopEnding = Extract<Ending, 'cancelled' | 'timed-out'>;

/** A running call that was asked to stop. */
export interface Stopping {
  /** The first cause, kept. */
  readonly error: OffthreadError;
  readonly ending: StopEnding;
  /** When it is given up, in ms on the host's clock. */
  readonly giveUpAt: number;
  /** When its interrupt function is called again; Infinity where it has none. */
  interruptAt: number;
}

/** Takes the chunks of a call. The stream that users see is in the layer above. */
export interface ChunkSink {
  /** The call is in a lane now. */
  attach(lane: JobLane): void;
  /** The call has been taken back from its lane. */
  detach(): void;
  /** There may be chunks: takes what somebody waits for. @returns how many. */
  offer(lane: JobLane): number;
  /**
   * The native side is over, and this is how; `lane` is null where it never began.
   * @returns whether the call is to settle now; else the sink settles it, once every chunk has been read.
   */
  end(lane: JobLane | null, ending: Ending, value: unknown, error: unknown): boolean;
  /** Whether a handler has answered with a promise: it can settle only while the host's thread does not block. */
  readonly awaitsHandler: boolean;
  /** Stops waiting for the handler: it never will settle. The call fails with this, unless its native code still runs. */
  abandon(error: OffthreadError): void;
}

/** What a call and the host have to do with each other while native code runs. */
export interface CallbackState {
  /** Where its chunks go. */
  readonly sink: ChunkSink | null;
  /** Where it was made: its functions run there, as if called by whoever made it. Null where it brought none. */
  readonly context: AsyncResource | null;
  /** Why it will fail whatever native code returns: the first thing that went wrong on the host. */
  failure: OffthreadError | null;
}

/** The items of a job that stands for many. */
export interface JobItems extends TicketItems {
  /** Items that are over; the next one runs, or is what ended the job. Known once {@link collect} has been called. */
  readonly done: number;
  /** Takes what a lane has brought so far, before its memory is used again. */
  collect(memory: LaneMemory, sequence: number): void;
  /** Arguments of an item. */
  argumentsOf(index: number): readonly unknown[];
}

export interface Job extends Ticket {
  readonly items: JobItems | null;
  /** When it has had its time, in ms on the host's clock. */
  timeoutAt(startedAt: number, now: number): number;
  /** Null for the many calls that say nothing while they run. */
  callbackState: CallbackState | null;
  /** ms for each function on the host; undefined: the declaration's or the pool's. */
  readonly hostTimeout: number | undefined;
  /** ms of running allowed; Infinity for unlimited. */
  readonly timeout: number;
  readonly createdAt: number;
  /** How often it is started at most, if it crashes its lanes. */
  readonly attempts: number;
  /** Lanes that it has crashed; null for none. */
  crashes: number | null;
  /** ms on the host's clock; null until known. */
  startedAt: number | null;
  endedAt: number | null;
  readonly isSettled: boolean;
  /** The lane that has it, or null while it is queued on the host. */
  lane: Lane<Job> | null;
  /** Its row in that lane. */
  sequence: number;
  /** Set once it was asked to stop while running. */
  stopping: Stopping | null;
  /** What the audit trail has of it; null where nobody listened when it was made. */
  readonly trace: CallTrace | null;
  /** Whether its start has been published. */
  announced: boolean;
  /** The one way a call ends. Later calls of this do nothing. */
  settle(ending: Ending, value: unknown, error: unknown): void;
}

export type JobLane = Lane<Job>;
