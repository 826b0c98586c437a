/**
 * How the thread of a lane came to its end, in words.
 *
 *   uncaught    something threw and nothing caught it: told by the thread's `error` event, or by the lane itself
 *   exited      `process.exit()` in it: told by the lane itself, in shared memory
 *   stopped     no word from the lane: it was terminated
 *   vanished    the system has no such thread any more, and the host has no time for events
 */
import { existsSync } from 'node:fs';
import { thrownText } from '../../options/checks.js';
import type { Death } from '../death.js';

/** What there is to say of it, beside where it was. */
export type ThreadEnd = Pick<Death, 'reason' | 'advice' | 'exitCode' | 'cause'>;

const EVERYWHERE = 'a module that lanes load (`execArgv`, or `NODE_OPTIONS` in `env`)';

/** What comes of a DOMException that ends a thread: an error without a text, or an object without anything. */
export function isLost(thrown: unknown): boolean {
  if (thrown instanceof Error) return thrown.message === '';
  return typeof thrown === 'object' && thrown !== null && Reflect.ownKeys(thrown).length === 0;
}

/** An error that nothing caught has ended it. */
export function uncaught(thrown: unknown, exitCode?: number): ThreadEnd {
  const text = thrownText(thrown);
  const death = { exitCode, cause: thrown };
  const { code, name } = (thrown ?? {}) as { code?: unknown; name?: unknown };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      ...death,
      reason: `ran out of JavaScript memory (${text})`,
      advice: `Texts that native code returns are made there, and ${EVERYWHERE} may keep too much. Have less returned at a time, or raise the limit with --max-old-space-size.`,
    };
  }
  if (name === 'RangeError' && text.includes('call stack')) {
    return {
      ...death,
      reason: `ran out of stack (${text})`,
      advice: `JavaScript in its thread called itself without end, in ${EVERYWHERE} most likely: see the stack of \`cause\`. If it really needs that much, raise \`stackSizeMb\`.`,
    };
  }
  const named = thrown instanceof Error ? `${String(name)}: ${text}` : text;
  const what = isLost(thrown) ? 'its text was lost' : named;
  return {
    ...death,
    reason: `died of an error that nothing caught (${what})`,
    advice: `JavaScript in its thread threw it, not native code: ${EVERYWHERE} most likely. See the stack of \`cause\`, and catch it there.`,
  };
}

/** It ran its exit listeners. */
export function exited(exitCode: number): ThreadEnd {
  return {
    exitCode,
    reason: `exited with code ${exitCode}`,
    advice: `Something called process.exit() in its thread${exitCode === 1 ? ', or an error ended it that could not be told' : ''}: ${EVERYWHERE} most likely. Have it do so only where \`isMainThread\` is true.`,
  };
}

/** It did not run its exit listeners. */
export function stopped(exitCode: number): ThreadEnd {
  return {
    exitCode,
    reason: `stopped with code ${exitCode} and without a word`,
    advice:
      'Something terminated its thread: worker.terminate() most likely, by code that listens for the workers of this process. Have it leave those alone that are not its own. ' +
      `Or, while the lane started, ${EVERYWHERE} called process.exit().`,
  };
}

/** It is gone. */
export function vanished(): ThreadEnd {
  return {
    reason: 'ended without a word',
    advice:
      'Its JavaScript memory was full, or something terminated its thread. A thread that blocks cannot learn which: await the call instead to be told.',
  };
}

/** Its thread lives, and cannot serve. */
export function unfit(thrown: unknown): ThreadEnd {
  return {
    reason: `could not be started (${thrownText(thrown)})`,
    advice: 'Its own code could not be loaded, or piscina refused it: see `cause`.',
    cause: thrown,
  };
}

/** What it left in its memory makes no sense. */
export function disordered(cause: unknown): ThreadEnd {
  return {
    reason: `left its memory in disorder (${thrownText(cause)})`,
    advice:
      'Native code has written where it must not: look at the declaration (types, lengths, pointers) and at the arguments.',
    cause,
  };
}

/** Where Linux lists the threads of this process. */
const THREADS = '/proc/self/task';

/** Whether the system has a thread of this process by that number. Where it does not tell, every thread is taken to be there. */
export function hasThread(number: number): boolean {
  return number === 0 || existsSync(`${THREADS}/${number}`) || !existsSync(THREADS);
}
