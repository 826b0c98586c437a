/**
 * The share of a turn of the event loop that goes to chunks which are there
 * already: handing them out needs no event, so a producer that never pauses
 * would keep timers and sockets waiting.
 */

import { performance, setImmediate } from '../../builtins.js';

/** ms of a turn. */
const SHARE_MS = 5;
/** Chunks between looks at the clock: a power of two. */
const LOOK_EVERY = 8;

let taken = 0;
let since = 0;
let counting = false;
/** Blocking calls under way: then there are no turns, and nobody else to share with. */
let blocked = 0;

/** This thread blocks, or (-1) has stopped to. */
export function blocking(change: 1 | -1): void {
  blocked += change;
}

/** A chunk is about to be handed out. @returns whether it has to wait for the next turn. */
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
