/** The kinds of lanes: how one is made, and what the host sleeps on until it has something. */
import type { PoolSettings } from '../options/pool-options.js';
import { type Doorbell, HostBell } from '../shared/memory/bell.js';
import { type MappedFile, systemCalls } from '../engines/system/system-calls.js';
import { processMemoryBytes } from '../shared/messages/message-channel.js';
import { requireHome } from '../shared/package-home.js';
import type { Lane, LaneEvents } from './lane.js';
import { leaveLiveFile, useLiveFile } from './memory/live-bytes.js';
import { ProcessBell } from './process/process-bell.js';
import { ProcessLane } from './process/process-lane.js';
import { requireSharedMemory } from './memory/memory-sharing.js';
import { ThreadLane } from './thread/thread-lane.js';
import type { Ticket } from './rows/ticket.js';

export interface LaneKind<T extends Ticket> {
  /** Bytes that the items of one batch may take in its lanes. */
  readonly batchRoom: number;
  /** Whether its lanes work on the caller's own SharedArrayBuffers. */
  readonly lendsShared: boolean;
  readonly bell: Doorbell;
  /**
   * Before the first lane is started: whether one can be made at all.
   * @throws EngineError OFFTHREAD_NO_SHARED_MEMORY, or OFFTHREAD_ENGINE_MISSING. Later it may go well.
   */
  prepare(): void;
  /** Starts a lane. @throws EngineError where what it needs is not to be had. */
  create(name: string, events: LaneEvents<Lane<T>>): Lane<T>;
  /** No lane will be started any more, and all have ended. */
  end(): void;
}

/**
 * The kind that a pool has.
 * @throws LaneStartError where the files that lanes run are not to be found.
 */
export function laneKind<T extends Ticket>(settings: PoolSettings): LaneKind<T> {
  // Before anything is started, in the call that creates the pool.
  requireHome();
  const { tuning, stackSizeMb } = settings;
  const size = {
    rows: tuning.rows,
    arenaBytes: tuning.arenaBytes,
    chunkBytes: tuning.chunkBytes,
    batchBytes: tuning.batchBytes,
  };
  if (settings.isolation === 'thread') {
    const bell = new HostBell();
    const { laneSpinUs: spinUs, leaseIdleMs } = tuning;
    return {
      batchRoom: tuning.batchBytes,
      lendsShared: true,
      bell,
      create: (name, events) =>
        new ThreadLane<T>(
          { name, size, bell: bell.buffer, spinUs, leaseIdleMs, stackSizeMb, start: settings },
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
