/** The interface between the supervisor and a lane, which is a thread or a process. */
import type { ModuleAnswer, ModuleOrder } from '../shared/messages/module-messages.js';
import type { Interruption, LaneReport, ToLane } from '../shared/messages/messages.js';
import type { Death } from './death.js';
import type { Inbox } from './channel/inbox.js';
import type { LaneChannel } from './channel/lane-channel.js';
import type { LaneRing } from './rows/lane-ring.js';
import type { Ticket } from './rows/ticket.js';

/**
 *   starting ──► ready ──► retiring ──► ended     (recycled: it finishes its calls)
 *       │         │ ▲ └───────┴──► lost ──► ended
 *       │         ▼ │              │ ▲
 *       │        leased ◄──────────┘ │            (to a session: it takes no other calls)
 *       │           └────────────────┘
 *       └─────────── from any state ──────► ended
 */
export type LaneStatus = 'starting' | 'ready' | 'leased' | 'retiring' | 'lost' | 'ended';

/** The events that a lane reports to its supervisor. */
export interface LaneEvents<L> {
  /** The lane died by itself. */
  crashed(lane: L, death: Death): void;
  /** The process of a lane has ended as requested. For a thread, only {@link Lane.end} reports this. */
  endedAsAsked(lane: L): void;
}

/** A library that one lane opens before it is announced to the others. */
export type ProbeOpen = Omit<Extract<ToLane, { kind: 'try' }>, 'kind' | 'id'>;

/** A library that a lane has opened. */
export interface ProbeOpened {
  /** The file of the library; null where the loader does not tell. */
  readonly file: string | null;
}

export interface Lane<T extends Ticket> {
  readonly name: string;
  /** A thread that is given up lives on until its native call returns; a process is killed. */
  readonly kind: 'thread' | 'process';
  /** Process id of a process lane. */
  readonly pid: number | undefined;
  /** Resident MB of a process lane, as last measured; 0 for a thread, which shares the host's memory. */
  readonly residentMb: number;
  readonly ring: LaneRing<T>;
  /** Messages from the lane that do not fit in a row. */
  readonly inbox: Inbox;
  /** The channel by which native code calls back. */
  readonly channel: LaneChannel;
  status: LaneStatus;
  /** ms on the host's clock when the lane was created. */
  readonly createdAt: number;
  /** When the lane last received a call: the most recently used idle lane is preferred. */
  lastUsed: number;
  /** Whether the lane runs a call behind which no other may wait. */
  exclusive: boolean;
  /** When a lane that was given up stops being waited for; Infinity otherwise. */
  abandonAt: number;
  /** Whether the lane sleeps, so that a call must wake it. */
  readonly asleep: boolean;
  /** Whether the lane has recorded in shared memory that it runs. */
  readonly announcedReady: boolean;
  /** Whether the lane has bound every announced library: only then is it certainly not in an engine between calls. */
  readonly bound: boolean;
  /** Whether the lane is loading a library, or has not started yet. Known for process lanes only. */
  readonly loading: boolean;
  /** ms that the lane may take for the module that it loads; 0 if it loads none. Known for process lanes only. */
  readonly moduleMs: number;
  /** Announces functions to the lane, in order with calls. */
  announce(library: ToLane): void;
  /** Publishes the written rows, and makes sure that the lane sees them. @returns whether the lane slept. */
  wake(): boolean;
  /** Wakes the lane for a call that is about to be written, unless it is awake. @returns whether it slept. */
  rouse(): boolean;
  /** Whether the lane must release callbacks before it ends. */
  hasCallbacks: boolean;
  /**
   * Whether native code of this lane may have kept a callback (for example a probe): then every call may run one, and
   * can be asked to stop there.
   */
  keepsCallbacks: boolean;
  /** Whether the lane keeps values for the host. */
  keepsValues: boolean;
  /** Whether modules have loaded add-ons into the lane's thread, which must not be terminated then. */
  readonly hasAddons: boolean;
  /** Requests a report from the lane; rejects if the lane dies first. */
  report(): Promise<LaneReport>;
  /** Binds the announced functions now rather than at the first call. */
  setUp(): Promise<LaneReport>;
  /** Resolves once the lane has run everything written so far. */
  drain(): Promise<void>;
  /**
   * Opens a library in this lane only, for libraries that the host does not open.
   * @returns null if the lane ended before it opened the library.
   * @throws (rejects) the error of opening the library; LaneCrashedError if that ended the lane.
   */
  probeOpen(library: ProbeOpen): Promise<ProbeOpened | null>;
  /**
   * Loads a module in this lane.
   * @throws (rejects) LaneCrashedError if the lane ends first.
   */
  loadModule(order: ModuleOrder): Promise<ModuleAnswer>;
  /**
   * Path of the library or module that this lane is opening ahead of the others: that may take long, so calls go to other lanes.
   * Null once it has answered.
   */
  readonly opening: string | null;
  /** Calls an interrupt function on a thread in the lane's process. Process lanes only. */
  interrupt(interruption: Interruption): void;
  /**
   * Checks without the event loop whether the lane has ended: in shared memory, by its socket, and, if `thoroughly`, by
   * a system call. An end that is found is reported by the same events; later reports are ignored.
   * @returns whether the lane is just ending: check again within 1 ms.
   */
  lookForEnd(thoroughly: boolean): boolean;
  /** The contents of the lane's memory are invalid. */
  corrupted(cause: unknown): void;
  /** Ends a lane that has exceeded its time; `reason` and `advice` describe its death. Process lanes only. */
  overdue(reason: string, advice: string): void;
  /** Ends a lane that was given up, if that is possible. */
  kill(): void;
  /** Like {@link drain}; then the lane releases its callbacks, and can only be ended. */
  retire(): Promise<void>;
  /**
   * Ends the lane. A thread stuck in native code is detached: it no longer keeps the process alive, and ends when its
   * native call returns.
   * @returns a promise for the thread's real end, which may never come.
   */
  end(): Promise<void>;
}
