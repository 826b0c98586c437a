/** Waiting for what others do: by looking until it is so. Times here are guards against deadlock only. */

/** ms after which a wait is a deadlock, on a slow machine that others use too. */
export const GUARD_MS = 15_000;

/**
 * Resolves when something has become true. It looks at every turn of the event loop at first; then every ms, since a
 * thread that never rests takes the time of what it waits for.
 */
export async function until(
  holds: () => boolean,
  what: string | (() => string),
  guardMs: number = GUARD_MS,
): Promise<void> {
  const start = performance.now();
  for (let turn = 0; !holds(); turn++) {
    if (performance.now() - start > guardMs) {
      throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await (turn < 50 ? turns(1) : wait(1));
  }
}

/** Lets the event loop go round. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
