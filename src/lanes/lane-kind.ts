/** The kinds of lanes: threads and processes. */
import type { PoolSettings } from '../options/pool-options.js';
import { laneFile } from '../shared/package-home.js';
import type { LaneKind } from './kind.js';
import { processKind } from './process/process-kind.js';
import type { Ticket } from './rows/ticket.js';
import { threadKind } from './thread/thread-kind.js';

export type { LaneKind } from './kind.js';

/**
 * The kind of lanes of a pool.
 * @throws LaneStartError if the file that lanes run is not found.
 */
export function laneKind<T extends Ticket>(settings: PoolSettings): LaneKind<T> {
  // Before anything is started, in the call that creates the pool.
  laneFile(settings.laneFile);
  const { rows, arenaBytes, chunkBytes, batchBytes } = settings.tuning;
  const size = { rows, arenaBytes, chunkBytes, batchBytes };
  return settings.isolation === 'thread' ? threadKind<T>(settings, size) : processKind<T>(settings, size);
}
