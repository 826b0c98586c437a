/** Why no lane will take a call, for whoever makes one. */
import { CrashLoopError, LaneLostError, LaneStartError } from '../../errors.js';
import { Math } from '../../builtins.js';
import { thrownText } from '../../options/checks.js';
import { type PoolSettings } from '../../options/pool-options.js';
import { startAdvice } from './start-advice.js';

const wholeMs = (ms: number): number => Math.max(0, Math.ceil(ms));

/**
 * @param retryInMs until a lane is started again.
 * @param cause of the last death.
 */
export function crashLoop(
  { deathWindow }: PoolSettings,
  deaths: number,
  retryInMs: number,
  cause: unknown,
): CrashLoopError {
  return new CrashLoopError(
    `Lanes keep dying: ${deaths} within ${deathWindow} ms, and none is left; the pool tries another in ${wholeMs(retryInMs)} ms. ` +
      'Native code that ends its lane does this, a library that fails while it is loaded, or lanes that cannot start: look at the `cause` (its `stderr` has what the lane said), and at the lane-crashed events. ' +
      `Then mend or avoid that call, or allow more with maxDeaths. The last: ${thrownText(cause)}`,
    { cause },
  );
}

/**
 * @param rounds of starts that have failed in a row.
 * @param retryInMs until a lane is started again.
 * @param cause of the last failure.
 */
export function cannotStart(rounds: number, retryInMs: number, cause: unknown): CrashLoopError {
  return new CrashLoopError(
    `No lane can be started: ${rounds} attempts in a row have failed; the pool tries again in ${wholeMs(retryInMs)} ms. ` +
      `The last: ${thrownText(cause).replace(/(?<![.!?])$/, '.')} ${startAdvice(cause) ?? 'Look at the `cause`, and at the lane-crashed events.'}`,
    { cause },
  );
}

/** @param lost lanes that are stuck. */
export function everyLaneLost({ maxLostLanes, lanes, isolation }: PoolSettings, lost: number): LaneLostError {
  if (isolation === 'process') {
    return new LaneLostError(
      `Every lane has been killed, and the system does not end them: ${lost} processes that were killed are still there, ` +
        `and maxLostLanes allows ${maxLostLanes} beside the ${lanes} in use. ` +
        'A process that waits for a disk, a network share or a device cannot be ended before that answers: look at those.',
    );
  }
  return new LaneLostError(
    `Every lane is stuck in native code: ${lost} lanes were given up and have not come back, ` +
      `and maxLostLanes allows ${maxLostLanes} beside the ${lanes} in use. ` +
      'Declare a way to stop the function (cancelFlag, onCancel), raise maxLostLanes, use a library that returns, ' +
      "or lanes that can be killed ({ isolation: 'process' }).",
  );
}

/** For a pool that is made in a lane, or in a thread that one has started. */
export function nestedLanes(): LaneStartError {
  return new LaneStartError(
    'A pool that is made in a lane has no lanes of its own: each would start as this one did, make such a pool, and so on without end. ' +
      'A module that makes a pool does this where lanes load it (`execArgv`, or `NODE_OPTIONS` in `env`): load it in the program only, or have it make its pool only where `process.env.OFFTHREAD_LANE` is not set.',
  );
}
