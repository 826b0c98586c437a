/**
 * Limits the share of an event-loop turn spent on available chunks: delivering
 * them needs no event, so a producer that never pauses would starve timers and
 * sockets.
 */

import { performance, setImmediate } from '../../builtins.js';

/** ms per turn. */
const SHARE_MS = 5;
/** Chunks between readings of the clock; a power of two. */
const LOOK_EVERY = 8;

let taken = 0;
let since = 0;
let counting = false;
/** Number of blocking calls in progress: while there are any, the event loop has no turns. */
let blocked = 0;

/** A blocking call begins (1) or ends (-1). */
export function blocking(change: 1 | -1): void {
  blocked += change;
}

/** Counts a chunk that is about to be delivered. @returns whether it has to wait for the next turn. */
export function turnIsOver(): boolean {
  if (blocked > 0) return false;
  taken += 1;
  if ((taken & (LOOK_EVERY - 1)) !== 0) return false;
  const now = performance.now();
  if (counting) return now - since > SHARE_MS;
  counting = true;
  since = now;
  setImmediate(() => {
    counting = false;
  });
  return false;
}
