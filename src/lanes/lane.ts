/** A lane as the supervisor sees it. Thread lanes are one kind; nothing above knows which. */
import type { LaneReport, ToLane } from '../shared/messages.js';
import type { Inbox } from './inbox.js';
import type { LaneChannel } from './lane-channel.js';
import type { LaneRing } from './lane-ring.js';
import type { Ticket } from './ticket.js';

/**
 *   starting ──► ready ──► lost ──► ended
 *       └──────────┴────────────────► ended
 */
export type LaneStatus = 'starting' | 'ready' | 'lost' | 'ended';

/** What a lane tells its supervisor. */
export interface LaneEvents<L> {
  /** The lane died by itself. */
  crashed(lane: L, cause: unknown): void;
}

export interface Lane<T extends Ticket> {
  readonly name: string;
  readonly ring: LaneRing<T>;
  /** What does not fit a row, and comes by message port. */
  readonly inbox: Inbox;
  /** Where native code talks back. */
  readonly channel: LaneChannel;
  status: LaneStatus;
  /** ms on the host's clock when the lane was created. */
  readonly createdAt: number;
  /** When it was last given a call: the warmest idle lane goes first. */
  lastUsed: number;
  /** Runs a call that nothing may wait behind. */
  exclusive: boolean;
  /** When a lane that was given up stops being waited for; Infinity otherwise. */
  abandonAt: number;
  /** Whether giving it a call means waking it first. */
  readonly asleep: boolean;
  /** Whether it has said in shared memory that it runs. */
  readonly announcedReady: boolean;
  /** Whether it has said in shared memory that it is ending by itself. */
  readonly announcedGone: boolean;
  /** Whether it has bound every library it was told of: only then is it sure not to be in an engine between calls. */
  readonly bound: boolean;
  /** Tells the lane of functions; in order with calls. */
  announce(library: ToLane): void;
  /** Publishes what was written to its ring, and makes sure the lane sees it. */
  wake(): void;
  /** Whether it is to give callbacks back before it ends. */
  hasCallbacks: boolean;
  /** Whether native code of this lane may have kept a callback (a probe, say): then every call may be in one, and be asked to stop there. */
  keepsCallbacks: boolean;
  /** Asks the lane about itself; rejects when the lane dies first. */
  report(): Promise<LaneReport>;
  /** Binds what was announced, now rather than at the first call. */
  setUp(): Promise<LaneReport>;
  /** Resolves once the lane has run everything written so far. */
  drain(): Promise<void>;
  /** The same; then the lane gives its callbacks back, and is only to be ended. */
  retire(): Promise<void>;
  /**
   * Ends the lane. A thread stuck in native code is left behind: it no longer
   * keeps the process alive, and ends when its native call returns.
   * @returns a promise for the thread's real end, which may never come.
   */
  end(): Promise<void>;
}
