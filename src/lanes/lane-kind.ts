/** The kinds of lanes: how one is made, and what the host sleeps on until it has something. */
import type { PoolSettings } from '../options/pool-options.js';
import { type Doorbell, HostBell } from '../shared/memory/bell.js';
import type { MappedFile } from '../engines/system/system-calls.js';
import { requireHome } from '../shared/package-home.js';
import type { Lane, LaneEvents } from './lane.js';
import { leaveLiveFile, useLiveFile } from './memory/live-bytes.js';
import { MessageBell } from './message-bell.js';
import { MessageLane } from './message-lane.js';
import { batchRoom } from './rows/pack-batch.js';
import { ProcessBell } from './process/process-bell.js';
import { ProcessLane } from './process/process-lane.js';
import { sharingSystem } from './memory/memory-sharing.js';
import { ThreadLane } from './thread/thread-lane.js';
import type { Ticket } from './rows/ticket.js';

export interface LaneKind<T extends Ticket> {
  /** How its lanes are reached while native code runs. */
  readonly control: PoolSettings['control'];
  /** Bytes that the items of one batch may take in its lanes. */
  readonly batchRoom: number;
  /** Whether its lanes work on the caller's own SharedArrayBuffers. */
  readonly lendsShared: boolean;
  readonly bell: Doorbell;
  /** Starts a lane. @throws EngineError where what it needs is not to be had. */
  create(name: string, events: LaneEvents<Lane<T>>): Lane<T>;
  /** No lane will be started any more, and all have ended. */
  end(): void;
}

/**
 * The kind that a pool has. Processes share memory with the host where that can be done, and is wanted.
 * @throws LaneStartError where the files that lanes run are not to be found.
 */
export function laneKind<T extends Ticket>(settings: PoolSettings): LaneKind<T> {
  // Before anything is started, and by whoever makes the pool.
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
      control: 'shared',
      batchRoom: batchRoom(size),
      lendsShared: true,
      bell,
      create: (name, events) =>
        new ThreadLane<T>(
          { name, size, bell: bell.buffer, spinUs, leaseIdleMs, stackSizeMb, start: settings },
          events,
        ),
      end: () => {},
    };
  }
  const passStderr = settings.stderr === 'inherit';
  const system = settings.control === 'shared' ? sharingSystem() : null;
  if (system === null) {
    const bell = new MessageBell();
    const { arenaBytes } = tuning;
    return {
      control: 'kill-only',
      batchRoom: batchRoom({ ...size, batchBytes: 0 }),
      lendsShared: false,
      bell,
      create: (name, events) =>
        new MessageLane<T>({ name, arenaBytes, bell, stackSizeMb, start: settings, passStderr }, events),
      end: () => {},
    };
  }
  const bell = new ProcessBell(system);
  let live: MappedFile | undefined;
  return {
    control: 'shared',
    batchRoom: batchRoom(size),
    lendsShared: false,
    bell,
    end: () => {
      if (live !== undefined) leaveLiveFile(system);
      live = undefined;
    },
    create: (name, events) => {
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
