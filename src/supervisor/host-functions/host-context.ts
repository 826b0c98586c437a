/**
 * Which function of the host the running code belongs to: native code waits for
 * that function, so what it waits for in turn must not need that lane.
 *
 * Following asynchronous code costs every promise of the process something (in
 * Node.js 20), so it is switched off while no such function runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Invocation } from './invocation.js';

const storage = new AsyncLocalStorage<Invocation>();
let running = 0;

/** The function that this code was called by, directly or after some awaiting. */
export function currentInvocation(): Invocation | undefined {
  const invocation = running === 0 ? undefined : storage.getStore();
  return invocation?.followed === true ? invocation : undefined;
}

/** Runs a function; whatever it does until {@link leaveInvocation} is known to be its. */
export function enterInvocation<R>(invocation: Invocation, run: () => R): R {
  running += 1;
  return storage.run(invocation, run);
}

/** Nobody waits for the function of an invocation any more. Again it does nothing. */
export function leaveInvocation(invocation: Invocation): void {
  if (!invocation.followed) return;
  invocation.followed = false;
  running -= 1;
  if (running === 0) storage.disable();
}
