/** The report of a lane. */
import { builtinModule, performance } from '../src/builtins.js';
import type { LaneReport } from '../src/shared/messages/messages.js';
import type { LaneRuntime } from './lane-runtime.js';

/** @param startedAt ms on this thread's clock. */
export function reportOf(name: string, lane: LaneRuntime, startedAt: number): LaneReport {
  return {
    lane: name,
    pid: process.pid,
    threadId: 0,
    residentBytes: 0,
    calls: lane.calls,
    uptimeMs: performance.now() - startedAt,
    // Not `process.memoryUsage()`, which fails if the resident size is not available.
    heapUsedBytes: builtinModule('node:v8').getHeapStatistics().used_heap_size,
    engines: lane.functions.engines,
  };
}
