/**
 * Starts a thread of piscina with the lane's file, flags and environment, never with the program's. Used for lanes and
 * for the thread of interrupt functions.
 */
import { Piscina } from 'piscina';
import type { LaneStart } from '../../options/lane-start.js';
import { laneEnvironment } from '../../shared/lane-mark.js';
import { laneFile } from '../../shared/package-home.js';
import { withOriginals } from './originals.js';

type ThreadOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

/**
 * The default of Node.js 20 and 22. With the 192 of later versions, one allocation step of a full heap may exceed the
 * reserve with which Node.js ends the thread: then the process aborts.
 */
const YOUNG_MB = 48;

/**
 * Starts a piscina of one thread.
 * @param more options for its use. `name` is the function that is its task.
 */
export function startThread({ laneFile: file, execArgv, env }: LaneStart, more: ThreadOptions): Piscina {
  const options = {
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Infinity,
    recordTiming: false,
    filename: laneFile(file),
    execArgv: [...execArgv],
    env: laneEnvironment('thread', env),
    ...more,
  };
  return withOriginals(() => new Piscina(options));
}

/** Starts the thread of a lane. @param stackSizeMb MB of stack for the thread. */
export function startLaneThread(start: LaneStart, stackSizeMb: number): Piscina {
  return startThread(start, {
    name: 'boot',
    // The event loop must also run between tasks: the lane serves there.
    atomics: 'disabled',
    resourceLimits: { stackSizeMb, maxYoungGenerationSizeMb: YOUNG_MB },
  });
}
