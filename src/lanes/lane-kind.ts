/** The two kinds of lanes: how one is made, and what the host sleeps on until it has something. */
import type { PoolSettings } from '../options.js';
import { type Doorbell, HostBell } from '../shared/bell.js';
import { type MappedFile, systemCalls } from '../engines/system.js';
import type { Lane, LaneEvents } from './lane.js';
import { leaveLiveFile, useLiveFile } from './live-bytes.js';
import { ProcessBell } from './process-bell.js';
import { ProcessLane } from './process-lane.js';
import { ThreadLane } from './thread-lane.js';
import type { Ticket } from './ticket.js';

export interface LaneKind<T extends Ticket> {
  readonly bell: Doorbell;
  /** Starts a lane. @throws EngineError where what it needs is not to be had. */
  create(name: string, events: LaneEvents<Lane<T>>): Lane<T>;
  /** No lane will be started any more, and all have ended. */
  end(): void;
}

/** The kind that a pool has. @throws EngineError when no engine can make the system calls that processes need. */
export function laneKind<T extends Ticket>(settings: PoolSettings): LaneKind<T> {
  const { tuning, stackSizeMb } = settings;
  const size = { rows: tuning.rows, arenaBytes: tuning.arenaBytes, chunkBytes: tuning.chunkBytes };
  if (settings.isolation === 'thread') {
    const bell = new HostBell();
    const { laneSpinUs: spinUs, leaseIdleMs } = tuning;
    return {
      bell,
      create: (name, events) =>
        new ThreadLane<T>({ name, size, bell: bell.buffer, spinUs, leaseIdleMs, stackSizeMb }, events),
      end: () => {},
    };
  }
  const system = systemCalls();
  const bell = new ProcessBell(system);
  let live: MappedFile | undefined;
  return {
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
          env: settings.env,
          passStderr: settings.stderr === 'inherit',
        },
        events,
      );
    },
  };
}
