/** Waiting for what may never come. */

/** What never came, among measured times: greater than all of them. */
export const NEVER: number = Infinity;

const late = Symbol('late');

async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof late> {
  let timer: NodeJS.Timeout | undefined;
  const guard = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([promise, guard]);
  } finally {
    clearTimeout(timer);
  }
}

/** ms since a time of process.hrtime. */
function msSince(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** ms from `start` until the promise is rejected; NEVER after `guardMs`. @throws Error when it resolves. */
export async function rejectedAfter(
  promise: Promise<unknown>,
  start: bigint,
  guardMs: number,
): Promise<number> {
  const ms = promise.then(
    (value) => {
      throw new Error(`resolved to ${String(value)}; it should have been rejected`);
    },
    () => msSince(start),
  );
  const found = await within(ms, guardMs);
  return found === late ? NEVER : found;
}

export interface Answer<T> {
  /** undefined where none came. */
  readonly value: T | undefined;
  /** ms from `start`; NEVER where none came. */
  readonly ms: number;
}

/** The answer, and when it came; none after `guardMs`. */
export async function answeredAfter<T>(
  promise: Promise<T>,
  start: bigint,
  guardMs: number,
): Promise<Answer<T>> {
  const answer = promise.then((value) => ({ value, ms: msSince(start) }));
  const found = await within(answer, guardMs);
  return found === late ? { value: undefined, ms: NEVER } : found;
}
