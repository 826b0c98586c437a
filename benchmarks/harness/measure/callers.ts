/**
 * The load: so many callers, each awaiting its call before it makes the next.
 * Calls are counted by the callers' fixed share; no clock is read for a call,
 * and every result is checked.
 */

/** One call, a promise of its own. @param call number of the call. @param caller number of who makes it. */
export type Call = (call: number, caller: number) => Promise<unknown>;
/** What it has to resolve to. */
export type Expected = (call: number, caller: number) => unknown;

async function caller(make: Call, expected: Expected, number: number, calls: number): Promise<number> {
  let wrong = 0;
  for (let call = 0; call < calls; call += 1) {
    if ((await make(call, number)) !== expected(call, number)) wrong += 1;
  }
  return wrong;
}

/** @returns how many results were wrong. */
export async function callers(
  make: Call,
  expected: Expected,
  inFlight: number,
  callsEach: number,
): Promise<number> {
  const wrong = await Promise.all(
    Array.from({ length: inFlight }, (_, number) => caller(make, expected, number, callsEach)),
  );
  return wrong.reduce((sum, one) => sum + one, 0);
}

/**
 * A copy of this module for one contestant alone. The optimizing compiler
 * learns from the calls a function makes; in a program it would see one pool,
 * and so it does here.
 */
export async function ownCallers(contestant: string): Promise<typeof callers> {
  const copy = (await import(`./callers.js?${encodeURIComponent(contestant)}`)) as {
    callers: typeof callers;
  };
  return copy.callers;
}
