/** Every way in which JavaScript ends the thread of a lane, and what is to be told of it. */
import type { Fault } from '../../fixtures/agent.js';
import { SMALL_HEAP, type Verdict } from './agent-program.js';

export interface FatalFault extends Verdict {
  readonly fault: Fault;
  readonly title: string;
  /** Arguments of node. */
  readonly args?: readonly string[];
  /** False for what comes from the event loop only: never in the midst of a call. */
  readonly inCalls?: false;
}

const STACK = 'RangeError: Maximum call stack size exceeded';

export const FATAL: readonly FatalFault[] = [
  {
    fault: 'exit',
    title: 'process.exit(7)',
    exitCode: 7,
    says: /exited with code 7.*process\.exit/,
    cause: null,
  },
  { fault: 'stop', title: 'a thread that is stopped', exitCode: 7, says: /stopped with code 7/, cause: null },
  {
    fault: 'throw',
    title: 'an error that nothing catches',
    exitCode: 1,
    says: /uncaught error \(Error: kaboom\)/,
    cause: 'Error: kaboom',
  },
  {
    fault: 'throw-nothing',
    title: 'throw undefined',
    exitCode: 1,
    says: /uncaught error \(undefined\)/,
    cause: null,
    inCalls: false,
  },
  {
    fault: 'reject',
    title: 'a rejection that nothing handles',
    exitCode: 1,
    says: /uncaught error \(TypeError: nobody waits for me\)/,
    cause: 'TypeError: nobody waits for me',
    inCalls: false,
  },
  {
    fault: 'fill-heap',
    title: 'a JavaScript heap that is full',
    says: /out of JavaScript memory.*--max-old-space-size/,
    cause: 'Error: Worker terminated due to reaching memory limit: JS heap out of memory',
    args: SMALL_HEAP,
  },
  {
    fault: 'overflow',
    title: 'a JavaScript stack that is full',
    exitCode: 1,
    says: /out of stack.*stackSizeMb/,
    cause: STACK,
  },
  {
    fault: 'overflow-in-listener',
    title: 'a listener for uncaught errors that fills the stack',
    says: /out of stack/,
    cause: STACK,
    inCalls: false,
  },
  {
    fault: 'exit-in-listener',
    title: 'a listener for uncaught errors that exits',
    exitCode: 9,
    says: /uncaught error \(Error: kaboom\)/,
    cause: 'Error: kaboom',
    inCalls: false,
  },
];

export const FATAL_IN_CALLS: readonly FatalFault[] = FATAL.filter(({ inCalls }) => inCalls !== false);
