/** Tells the command that calls are being made, or that they have come to a stop that the machine does not explain. */
import { type ThreadsState, threadsState } from './threads-state.js';

/** ms between two looks. */
const EVERY_MS = 100;
/** Looks in a row without a call that ended and with all threads asleep, before it counts as a deadlock. */
const ASLEEP = 15;
/** s of computing without a call that ended, before it counts as a loop without end. */
const COMPUTED_S = 10;
/** ms without a call that ended, where the system does not say what the threads do. */
const BLIND_MS = 30_000;

/**
 * Looks until the returned function is called.
 * @param made how many calls have ended so far.
 * @param slowestMs how long one call, or batch of them, takes when it runs alone.
 */
export function watchProgress(
  made: () => number,
  slowestMs: number,
  tell: (calls: number, stuck: boolean) => void,
): () => void {
  const patience = Math.max(1, Math.ceil((20 * slowestMs) / (ASLEEP * EVERY_MS)));
  let last = -1;
  let since = performance.now();
  let state: ThreadsState | null = null;
  let asleep = 0;
  const timer = setInterval(() => {
    const calls = made();
    const now = threadsState();
    if (calls !== last || state === null || now === null) {
      if (calls !== last) since = performance.now();
      last = calls;
      state = now;
      asleep = 0;
    } else asleep = now.active ? 0 : asleep + 1;
    const idle = asleep >= ASLEEP * patience;
    const endless = now !== null && state !== null && now.cpu - state.cpu > COMPUTED_S * patience;
    const blind = now === null && performance.now() - since > BLIND_MS * patience;
    tell(calls, idle || endless || blind);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
