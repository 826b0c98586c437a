/** The kinds of lanes: threads and processes. */
import type { PoolSettings } from '../options/pool-options.js';
import type { LaneKind } from './kind.js';
import { processKind } from './process/process-kind.js';
import type { Ticket } from './rows/ticket.js';
import type { FirstThread } from './thread/first-thread.js';
import { threadKind } from './thread/thread-kind.js';

export type { LaneKind } from './kind.js';

/** The kind of lanes of a pool. @param threads starts the threads of thread lanes. */
export function laneKind<T extends Ticket>(settings: PoolSettings, threads: FirstThread): LaneKind<T> {
  const { rows, arenaBytes, chunkBytes, batchBytes } = settings.tuning;
  const size = { rows, arenaBytes, chunkBytes, batchBytes };
  return settings.isolation === 'thread'
    ? threadKind<T>(settings, size, threads)
    : processKind<T>(settings, size);
}
