/** Lanes that are processes. */
import { type MappedFile, systemCalls } from '../../engines/system/system-calls.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { LaneSize } from '../../shared/memory/layout.js';
import { processMemoryBytes } from '../../shared/messages/message-channel.js';
import type { LaneKind } from '../kind.js';
import { leaveLiveFile, useLiveFile } from '../memory/live-bytes.js';
import { requireSharedMemory } from '../memory/memory-sharing.js';
import { Slabs } from '../memory/slabs.js';
import type { Ticket } from '../rows/ticket.js';
import { ProcessBell } from './process-bell.js';
import { ProcessLane } from './process-lane.js';

export function processKind<T extends Ticket>(settings: PoolSettings, size: LaneSize): LaneKind<T> {
  const { tuning, stackSizeMb } = settings;
  const stdoutToStderr = settings.stdout === 'stderr';
  const passStderr = settings.stderr === 'inherit';
  const bell = new ProcessBell();
  let live: MappedFile | undefined;
  let shares = false;
  return {
    batchRoom: tuning.batchBytes,
    lendsShared: false,
    slabs: new Slabs(),
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
          stdoutToStderr,
        },
        events,
      );
    },
  };
}
