/** The kinds of lanes: how a lane is created, and the doorbell on which the host sleeps. */
import type { PoolSettings } from '../options/pool-options.js';
import { type Doorbell, HostBell } from '../shared/memory/bell.js';
import { type MappedFile, systemCalls } from '../engines/system/system-calls.js';
import { processMemoryBytes } from '../shared/messages/message-channel.js';
import { laneFile } from '../shared/package-home.js';
import type { Lane, LaneEvents } from './lane.js';
import { leaveLiveFile, useLiveFile } from './memory/live-bytes.js';
import { ProcessBell } from './process/process-bell.js';
import { ProcessLane } from './process/process-lane.js';
import { requireSharedMemory } from './memory/memory-sharing.js';
import { Slabs } from './memory/slabs.js';
import { ThreadLane } from './thread/thread-lane.js';
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

/**
 * The kind of lanes of a pool.
 * @throws LaneStartError if the files that lanes run are not found.
 */
export function laneKind<T extends Ticket>(settings: PoolSettings): LaneKind<T> {
  // Before anything is started, in the call that creates the pool.
  laneFile(settings.laneFile);
  const { tuning, stackSizeMb } = settings;
  const size = {
    rows: tuning.rows,
    arenaBytes: tuning.arenaBytes,
    chunkBytes: tuning.chunkBytes,
    batchBytes: tuning.batchBytes,
  };
  const slabs = new Slabs();
  if (settings.isolation === 'thread') {
    const bell = new HostBell();
    const { laneSpinUs: spinUs } = tuning;
    return {
      batchRoom: tuning.batchBytes,
      lendsShared: true,
      slabs,
      bell,
      create: (name, events) =>
        new ThreadLane<T>(
          { name, size, slabs, bell: bell.buffer, spinUs, stackSizeMb, start: settings },
          events,
        ),
      prepare: () => {},
      end: () => {},
    };
  }
  const passStderr = settings.stderr === 'inherit';
  const bell = new ProcessBell();
  let live: MappedFile | undefined;
  let shares = false;
  return {
    batchRoom: tuning.batchBytes,
    lendsShared: false,
    slabs,
    bell,
    prepare: () => {
      if (!shares) requireSharedMemory(processMemoryBytes(size));
      shares = true;
    },
    end: () => {
      if (live !== undefined) leaveLiveFile(systemCalls());
      live = undefined;
    },
    create: (name, events) => {
      const system = systemCalls();
      live ??= useLiveFile(system);
      return new ProcessLane<T>(
        {
          name,
          size,
          system,
          bell,
          liveFd: live.fd,
          spinUs: tuning.laneSpinUs,
          stackSizeMb,
          start: settings,
          passStderr,
        },
        events,
      );
    },
  };
}
