/**
 * The piscina task of a thread lane: it boots the lane, which serves from then on without a task.
 */
import { threadId } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { Atomics, Promise, performance, setImmediate, setInterval, setTimeout } from '../../src/builtins.js';
import type { ErrorData, LaneBoot, LaneControl, LaneReport } from '../../src/shared/messages/messages.js';
import type { ModuleOrder } from '../../src/shared/messages/module-messages.js';
import { markLane } from '../../src/shared/lane-mark.js';
import { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { Header } from '../../src/shared/memory/layout.js';
import { errorData } from '../error-data.js';
import { ThreadLink } from '../lane-link.js';
import { LaneRuntime } from '../lane-runtime.js';
import { reportOf } from '../report.js';
import { threadNumber } from './thread-number.js';

/** ms without a callback from a thread of native code after which there is assumed to be no such thread. */
const QUIET_MS = 30;
const HOLD_MS = 2 ** 30;

/**
 * The lane runs no more calls. Native code may have kept callbacks, and may call them from a thread of its own; a
 * thread that has not called yet has a short time to do so. If one calls, this thread stays until the process ends,
 * because a callback cannot be taken from such a thread: the thread would wait for an answer of this one, or use freed
 * memory.
 */
async function retire(lane: LaneRuntime): Promise<void> {
  await lane.drained();
  await lane.tearDown();
  const { functions } = lane;
  if (functions.lastingCallbacks && !functions.threaded) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    // Callbacks that have arrived in the meantime are served first.
    await new Promise((resolve) => setImmediate(resolve));
  }
  functions.releaseCallbacks();
  // Keeps only this thread alive: the host does not wait for it.
  if (functions.threaded) setInterval(() => {}, HOLD_MS);
}

/** Starts the lane. */
export function boot(order: LaneBoot): void {
  const memory = new LaneMemory(order.size, order.memory);
  const link = new ThreadLink(memory, order);
  const lane = new LaneRuntime(memory, order, link, undefined, order.name);
  const startedAt = performance.now();
  markLane(order.name);
  // A thread that ends by itself records this in shared memory: the host may be blocked and unable to receive the exit
  // event.
  let lastWords: ErrorData | null = null;
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    lastWords = errorData(error);
    // If the thread still lives then, a listener has handled the error.
    setImmediate(() => (lastWords = null));
  });
  process.once('exit', (code) => {
    try {
      lane.functions.releaseCallbacks();
    } finally {
      memory.i32[Header.EXIT_CODE] = code;
      try {
        if (lastWords !== null) link.post({ kind: 'last-words', error: lastWords });
      } catch {
        // No message can be posted any more; the exit code remains.
      }
      Atomics.store(memory.i32, Header.GONE, 1);
      link.ring();
    }
  });
  const report = (): LaneReport => ({ ...reportOf(order.name, lane, startedAt), threadId });
  // The lane sleeps in its event loop until a question is answered; then it may park. The answer is on its way by then:
  // the lane learns of the bell in a later task.
  const answered = (): void => {
    Atomics.add(memory.i32, Header.ANSWERED, 1);
    Atomics.add(memory.i32, Header.DOORBELL, 1);
    Atomics.notify(memory.i32, Header.DOORBELL);
  };
  const answering =
    <A extends unknown[], R>(answer: (...args: A) => R | Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        return await answer(...args);
      } finally {
        answered();
      }
    };
  const control: LaneControl = {
    setUp: answering(() => {
      lane.messages.receive();
      return report();
    }),
    report: answering(report),
    load: answering((module: ModuleOrder) => lane.modules().table.load(module)),
    // Answered between rows; the lane may not have reached all rows written before.
    drain: answering(() => lane.drained()),
    retire: answering(() => retire(lane)),
  };
  expose(control, nodeEndpoint(order.control));
  memory.i32[Header.THREAD] = threadNumber();
  void run(lane);
}

async function run(lane: LaneRuntime): Promise<void> {
  await lane.announce();
  await lane.serve();
}
