/** A call as the supervisor handles it. The public call object is a room above. */
import type { OffthreadError } from '../errors.js';
import type { Lane } from '../lanes/lane.js';
import type { Ticket } from '../lanes/ticket.js';

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

export interface Job extends Ticket {
  /** ms of running allowed; Infinity for unlimited. */
  readonly timeout: number;
  readonly createdAt: number;
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
  /** Whether its start has been published. */
  announced: boolean;
  /** The one way a call ends. Later calls of this do nothing. */
  settle(ending: Ending, value: unknown, error: unknown): void;
}

export type JobLane = Lane<Job>;
