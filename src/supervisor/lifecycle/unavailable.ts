/** The errors of calls that no lane will take. */
import { CrashLoopError, LaneLostError, LaneStartError } from '../../errors.js';
import { Math } from '../../builtins.js';
import { thrownText } from '../../options/checks.js';
import { type PoolSettings } from '../../options/pool-options.js';
import { startAdvice } from './start-advice.js';

const wholeMs = (ms: number): number => Math.max(0, Math.ceil(ms));

/**
 * @param retryInMs ms until a lane is started again.
 * @param cause of the last death.
 */
export function crashLoop(
  { deathWindow }: PoolSettings,
  deaths: number,
  retryInMs: number,
  cause: unknown,
): CrashLoopError {
  return new CrashLoopError(
    `Lanes keep dying: ${deaths} within ${deathWindow} ms, and none is left; the pool starts another in ${wholeMs(retryInMs)} ms. ` +
      'Likely causes are native code that ends its lane, a library that fails while it is loaded, and lanes that cannot start: see `error.cause` (with the output of the lane in its `stderr`), and the lane-crashed events. ' +
      `Fix or avoid the call, or allow more deaths with maxDeaths. The last death: ${thrownText(cause)}`,
    { cause },
  );
}

/**
 * @param rounds number of rounds of starts that have failed in a row.
 * @param retryInMs ms until a lane is started again.
 * @param cause of the last failure.
 */
export function cannotStart(rounds: number, retryInMs: number, cause: unknown): CrashLoopError {
  return new CrashLoopError(
    `No lane can be started: ${rounds} attempts in a row have failed; the pool tries again in ${wholeMs(retryInMs)} ms. ` +
      `The last failure: ${thrownText(cause).replace(/(?<![.!?])$/, '.')} ${startAdvice(cause) ?? 'See `error.cause`, and the lane-crashed events.'}`,
    { cause },
  );
}

/** @param lost number of lanes that are stuck. */
export function everyLaneLost({ maxLostLanes, lanes, isolation }: PoolSettings, lost: number): LaneLostError {
  if (isolation === 'process') {
    return new LaneLostError(
      `Every lane has been killed, but the system has not ended them: ${lost} killed processes still exist, ` +
        `and maxLostLanes allows ${maxLostLanes} besides the ${lanes} in use. ` +
        'A process that waits for a disk, a network share or a device ends only when the device responds: check these.',
    );
  }
  return new LaneLostError(
    `Every lane is stuck in native code: ${lost} lanes were given up and have not come back, ` +
      `and maxLostLanes allows ${maxLostLanes} besides the ${lanes} in use. ` +
      'Declare a way to stop the function (cancelFlag, onCancel), raise maxLostLanes, use a library that returns, ' +
      "or use lanes that can be killed ({ isolation: 'process' }).",
  );
}

/** The error of a pool that is made in a lane, or in a thread that a lane has started. */
export function nestedLanes(): LaneStartError {
  return new LaneStartError(
    'A pool cannot start lanes inside a lane: each of them would create such a pool in turn, without end. ' +
      'The likely cause is a module that creates a pool and is loaded in lanes (`execArgv`, or `NODE_OPTIONS` in `env`). Load the module only in the program, or create the pool only if `process.env.OFFTHREAD_LANE` is not set.',
  );
}
