/**
 * Tracks which function on the host the running code belongs to: native code
 * waits for that function, so the function must not wait for the same lane.
 *
 * In Node.js 20, tracking asynchronous code slows down every promise of the
 * process, so it is off while no such function runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Invocation } from './invocation.js';

const storage = new AsyncLocalStorage<Invocation>();
let running = 0;

/** Whether any function runs for which native code waits. */
export function inInvocation(): boolean {
  return running > 0;
}

/** The function that called this code, directly or across awaits. */
export function currentInvocation(): Invocation | undefined {
  const invocation = running === 0 ? undefined : storage.getStore();
  return invocation?.followed === true ? invocation : undefined;
}

/** Runs a function; its synchronous and asynchronous code is tracked until {@link leaveInvocation}. */
export function enterInvocation<R>(invocation: Invocation, run: () => R): R {
  running += 1;
  return storage.run(invocation, run);
}

/** Native code no longer waits for the function of an invocation. Idempotent. */
export function leaveInvocation(invocation: Invocation): void {
  if (!invocation.followed) return;
  invocation.followed = false;
  running -= 1;
  if (running === 0) storage.disable();
}
