/**
 * A program that queues many calls behind a blocked lane, and tells what they
 * hold and how they end:
 *
 *   queue-host NAME CALLS     of `queuers.ts`; forked
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect } from '../../harness/processes/memory.js';
import { type QueuerName, queuer } from './queuers.js';

export interface Queued {
  readonly name: string;
  /** Bytes a call, of JavaScript's heap and what belongs to it. */
  readonly bytes: number;
  /** The same of the process's resident memory. */
  readonly resident: number;
  /** ms to accept all, and from the moment the lane was free until all had answered. */
  readonly acceptMs: number;
  readonly runMs: number;
  readonly right: number;
  /** Bytes a call that are still held when all are over. */
  readonly left: number;
}

/** Bytes after a collection: JavaScript's heap and what belongs to it, and all of the process. */
async function held(): Promise<{ heap: number; resident: number }> {
  // Twice: what finalizers let go of is collected by the second.
  collect();
  await sleep(20);
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}

const [name, calls] = [process.argv[2] as QueuerName, Number(process.argv[3])];
const { name: shown, block, add, close } = await queuer(name, calls + 1_000);
// Warm: what is made once is there. A bounded number: it must not make room for all that comes.
await Promise.all(Array.from({ length: 1_000 }, (_, n) => add(n, 1)));
const answers: (Promise<unknown> | null)[] = Array.from({ length: calls }, () => null);
const release = new Int32Array(new SharedArrayBuffer(4));
const blocked = block(release);
await sleep(200);

const before = await held();
const start = performance.now();
for (let n = 0; n < calls; n += 1) answers[n] = add(n, 1);
const acceptMs = performance.now() - start;
// Whoever sends at the end of a turn has sent.
await sleep(50);
const queued = await held();
const released = performance.now();
Atomics.store(release, 0, 1);
let right = 0;
for (const [n, answer] of answers.entries()) {
  if ((await answer) === n + 1) right += 1;
  answers[n] = null;
}
const runMs = performance.now() - released;
await blocked;
const after = await held();
process.send?.({
  name: shown,
  bytes: (queued.heap - before.heap) / calls,
  resident: (queued.resident - before.resident) / calls,
  acceptMs,
  runMs,
  right,
  left: (after.heap - before.heap) / calls,
} satisfies Queued);
await once(process, 'message');
await close();
process.exit();
