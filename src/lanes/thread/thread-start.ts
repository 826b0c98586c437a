/**
 * The options with which piscina starts a lane's thread: with the lane's file, flags and environment, never with the
 * program's.
 */
import type { LaneStart } from '../../options/lane-start.js';
import { laneEnvironment } from '../../shared/lane-mark.js';
import { laneFile } from '../../shared/package-home.js';

export function threadStart({ laneFile: file, execArgv, env }: LaneStart): {
  filename: string;
  execArgv: string[];
  env: Record<string, string>;
} {
  return { filename: laneFile(file), execArgv: [...execArgv], env: laneEnvironment('thread', env) };
}
