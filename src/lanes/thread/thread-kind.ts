/** Lanes that are threads of this process. */
import type { PoolSettings } from '../../options/pool-options.js';
import { HostBell } from '../../shared/memory/bell.js';
import type { LaneSize } from '../../shared/memory/layout.js';
import type { LaneKind } from '../kind.js';
import { Slabs } from '../memory/slabs.js';
import type { Ticket } from '../rows/ticket.js';
import type { FirstThread } from './first-thread.js';
import { ThreadLane } from './thread-lane.js';

export function threadKind<T extends Ticket>(
  settings: PoolSettings,
  size: LaneSize,
  threads: FirstThread,
): LaneKind<T> {
  const { tuning, stackSizeMb } = settings;
  const bell = new HostBell();
  const slabs = new Slabs();
  return {
    batchRoom: tuning.batchBytes,
    lendsShared: true,
    slabs,
    bell,
    create: (name, events) =>
      new ThreadLane<T>(
        {
          name,
          size,
          slabs,
          bell: bell.buffer,
          spinUs: tuning.laneSpinUs,
          stackSizeMb,
          thread: threads.take(),
        },
        events,
      ),
    prepare: () => {},
    end: () => {},
  };
}
