/** What the kinds of lanes have in common: how a lane is created, and the doorbell on which the host sleeps. */
import type { Doorbell } from '../shared/memory/bell.js';
import type { Lane, LaneEvents } from './lane.js';
import type { Slabs } from './memory/slabs.js';
import type { Ticket } from './rows/ticket.js';

export interface LaneKind<T extends Ticket> {
  /** Maximum bytes for the items of one batch. */
  readonly batchRoom: number;
  /** Whether its lanes work on the caller's own SharedArrayBuffers. */
  readonly lendsShared: boolean;
  /** Memory for copies of bytes. */
  readonly slabs: Slabs;
  readonly bell: Doorbell;
  /**
   * Checks, before the first lane is started, that a lane can be created.
   * @throws EngineError OFFTHREAD_NO_SHARED_MEMORY, or OFFTHREAD_ENGINE_MISSING. A later attempt may succeed.
   */
  prepare(): void;
  /** Starts a lane. @throws EngineError if the resources for a lane are not available. */
  create(name: string, events: LaneEvents<Lane<T>>): Lane<T>;
  /** No lane will be started any more, and all have ended. */
  end(): void;
}
