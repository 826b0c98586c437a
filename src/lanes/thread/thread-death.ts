/**
 * Describes how the thread of a lane ended.
 *
 *   uncaught    an uncaught error: reported by the thread's `error` event, or by the lane itself
 *   exited      a call of `process.exit()`: reported by the lane itself, in shared memory
 *   stopped     no report by the lane: the thread was terminated
 *   vanished    the system no longer has the thread, and the host is blocked and receives no events
 */
import { existsSync } from 'node:fs';
import { thrownText } from '../../options/checks.js';
import type { Death } from '../death.js';

/** The description of the end, without the phase. */
export type ThreadEnd = Pick<Death, 'reason' | 'advice' | 'exitCode' | 'cause'>;

const EVERYWHERE = 'a module that lanes load (`execArgv`, or `NODE_OPTIONS` in `env`)';

/**
 * Whether the error lost its content on the way: a DOMException that ends a thread arrives as an error without a text,
 * or as an empty object.
 */
export function isLost(thrown: unknown): boolean {
  if (thrown instanceof Error) return thrown.message === '';
  return typeof thrown === 'object' && thrown !== null && Reflect.ownKeys(thrown).length === 0;
}

/** An uncaught error has ended the thread. */
export function uncaught(thrown: unknown, exitCode?: number): ThreadEnd {
  const text = thrownText(thrown);
  const death = { exitCode, cause: thrown };
  const { code, name } = (thrown ?? {}) as { code?: unknown; name?: unknown };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      ...death,
      reason: `ran out of JavaScript memory (${text})`,
      advice: `The strings that native code returns are in this memory, and ${EVERYWHERE} may keep too much. Return less at a time, or raise the limit with --max-old-space-size.`,
    };
  }
  if (name === 'RangeError' && text.includes('call stack')) {
    return {
      ...death,
      reason: `ran out of stack (${text})`,
      advice: `JavaScript in its thread recursed too deeply, most likely in ${EVERYWHERE}: see the stack of \`cause\`. If the code needs a larger stack, raise \`stackSizeMb\`.`,
    };
  }
  const named = thrown instanceof Error ? `${String(name)}: ${text}` : text;
  const what = isLost(thrown) ? 'its message was lost' : named;
  return {
    ...death,
    reason: `ended with an uncaught error (${what})`,
    advice: `JavaScript in its thread threw the error, not native code: most likely ${EVERYWHERE}. See the stack of \`cause\`, and catch the error there.`,
  };
}

/** The thread ran its exit listeners. */
export function exited(exitCode: number): ThreadEnd {
  return {
    exitCode,
    reason: `exited with code ${exitCode}`,
    advice: `JavaScript called process.exit() in its thread${exitCode === 1 ? ', or an error ended the thread that could not be reported' : ''}: most likely ${EVERYWHERE}. Call it only where \`isMainThread\` is true.`,
  };
}

/** The thread did not run its exit listeners. */
export function stopped(exitCode: number): ThreadEnd {
  return {
    exitCode,
    reason: `stopped with code ${exitCode} without reporting an error`,
    advice:
      'Its thread was terminated: most likely by worker.terminate() in code that listens for the workers of this process. That code must terminate only its own workers. ' +
      `Otherwise ${EVERYWHERE} called process.exit() while the lane started.`,
  };
}

/** The thread no longer exists. */
export function vanished(): ThreadEnd {
  return {
    reason: 'ended without reporting an error',
    advice:
      'Its JavaScript memory was full, or its thread was terminated. The cause cannot be determined while this thread is blocked: await the call instead.',
  };
}

/** The thread lives, but cannot serve calls. */
export function unfit(thrown: unknown): ThreadEnd {
  return {
    reason: `could not be started (${thrownText(thrown)})`,
    advice: 'The code of the lane could not be loaded, or piscina rejected it: see `cause`.',
    cause: thrown,
  };
}

/** The contents of the lane's memory are invalid. */
export function disordered(cause: unknown): ThreadEnd {
  return {
    reason: `left its memory in an inconsistent state (${thrownText(cause)})`,
    advice:
      'Native code wrote to memory that does not belong to it: check the declaration (types, lengths, pointers) and the arguments.',
    cause,
  };
}

/** Where Linux lists the threads of this process. */
const THREADS = '/proc/self/task';

/** Whether this process has a thread of that number. True if the system does not report its threads. */
export function hasThread(number: number): boolean {
  return number === 0 || existsSync(`${THREADS}/${number}`) || !existsSync(THREADS);
}
