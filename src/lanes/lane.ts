/** A lane as the supervisor sees it: a thread, or a process. */
import type { Interruption, LaneReport, ToLane } from '../shared/messages/messages.js';
import type { Death } from './death.js';
import type { Inbox } from './channel/inbox.js';
import type { LaneChannel } from './channel/lane-channel.js';
import type { LaneRing } from './rows/lane-ring.js';
import type { Ticket } from './rows/ticket.js';

/**
 *   starting ──► ready ──► retiring ──► ended     (recycled: it finishes what it has)
 *       │          └──────────┴──► lost ──► ended
 *       └──────────┴──────────┴───────────► ended
 */
export type LaneStatus = 'starting' | 'ready' | 'retiring' | 'lost' | 'ended';

/** What a lane tells its supervisor. */
export interface LaneEvents<L> {
  /** The lane died by itself. */
  crashed(lane: L, death: Death): void;
  /** The process of a lane that was to end has ended. Of a thread that is told by {@link Lane.end} alone. */
  endedAsAsked(lane: L): void;
}

/** A library that a lane is to open before the others hear of it. */
export type ProbeOpen = Omit<Extract<ToLane, { kind: 'try' }>, 'kind' | 'id'>;

export interface Lane<T extends Ticket> {
  readonly name: string;
  /** A thread that is given up lives on until its native call returns; a process is killed. */
  readonly kind: 'thread' | 'process';
  /** Of a process lane. */
  readonly pid: number | undefined;
  /** MB that a process lane holds, as last measured; 0 for a thread, which has none of its own. */
  readonly residentMb: number;
  readonly ring: LaneRing<T>;
  /** What does not fit a row, and comes beside it. */
  readonly inbox: Inbox;
  /** Where native code calls back. */
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
  /** Whether it has bound every library it was told of: only then is it sure not to be in an engine between calls. */
  readonly bound: boolean;
  /** Whether it is loading a library, or has not started yet. Known of process lanes. */
  readonly loading: boolean;
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
  /**
   * Opens a library in the lane alone, where that does not happen on the host.
   * @returns false when the lane has ended before it came to it.
   * @throws (rejects) what is wrong with it; LaneCrashedError when it ended the lane.
   */
  probeOpen(library: ProbeOpen): Promise<boolean>;
  /** Path of the library that it is opening alone: that may take long, so calls go to others. Null from its answer on. */
  readonly opening: string | null;
  /** Has an interrupt function called, by a thread in the lane's own process. Of process lanes. */
  interrupt(interruption: Interruption): void;
  /**
   * Looks whether it has ended, without the event loop: in shared memory, by
   * its socket, and `thoroughly` by the system's word. An end that is found is
   * told, by the same events; what tells it later is too late.
   * @returns whether it is just ending: worth another look within a ms.
   */
  lookForEnd(thoroughly: boolean): boolean;
  /** What it left in its memory makes no sense. */
  corrupted(cause: unknown): void;
  /** It has had its time, and is to be ended: its death is told with these. Of process lanes. */
  overdue(reason: string, advice: string): void;
  /** Ends a lane that was given up, where that can be done. */
  kill(): void;
  /** The same; then the lane gives its callbacks back, and is only to be ended. */
  retire(): Promise<void>;
  /**
   * Ends the lane. A thread stuck in native code is left behind: it no longer
   * keeps the process alive, and ends when its native call returns.
   * @returns a promise for the thread's real end, which may never come.
   */
  end(): Promise<void>;
}
