/** Where the output of the library goes: stdout is for results, so what a library prints there goes to stderr. */
import type { PoolOptions } from 'offthread';

/** @param stderr what becomes of the library's stderr. Threads write to the streams of the command itself. */
export function laneOutput(
  isolation: 'process' | 'thread',
  stderr: 'inherit' | 'capture',
): Pick<PoolOptions, 'stdout' | 'stderr'> {
  return isolation === 'process' ? { stdout: 'stderr', stderr } : {};
}
