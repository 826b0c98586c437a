/**
 * The options with which piscina starts a lane's thread: with the lane's flags and environment, never with the
 * program's.
 */
import type { LaneStart } from '../../options/lane-start.js';
import { laneEnvironment } from '../../shared/lane-mark.js';

export function threadStart({ execArgv, env }: LaneStart): {
  execArgv: string[];
  env: Record<string, string>;
} {
  return { execArgv: [...execArgv], env: laneEnvironment('thread', env) };
}
