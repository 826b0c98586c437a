/**
 * The closed model: a fixed number of calls in flight. A call is due when it is made: a slow function slows its own
 * load down, which is what tells the two models apart.
 */
import type { Issuer } from './issuer.js';
import type { Recorder } from '../record/recorder.js';

/** Resolves when all calls of the run have ended. */
export async function runClosed(
  issuer: Issuer,
  recorder: Recorder,
  concurrency: number,
  signal: AbortSignal,
): Promise<void> {
  const next = (): void => {
    const now = performance.now();
    if (signal.aborted || now >= recorder.to || recorder.enough) return;
    issuer.issue(now);
  };
  issuer.onEnd = next;
  for (let call = 0; call < concurrency; call += 1) next();
  await issuer.drained();
}
