/** What a run says at its end. */
import { count, duration, plural } from '../../console/format.js';
import type { RunCounts } from './batch-progress.js';
import type { StopCause } from './stop-control.js';

export interface BatchEnd extends RunCounts {
  readonly elapsedMs: number;
  readonly cause: StopCause | null;
  readonly commits: number;
}

const CAUSES: Readonly<Record<StopCause, string>> = {
  interrupted: 'interrupted',
  failures: 'given up, because more items failed than --max-failures allows',
  closed: 'ended, because nobody reads the results any more',
};

export function batchSummary(end: BatchEnd): { readonly text: string; readonly data: object } {
  const { ended, failed, retried, endedNow, elapsedMs, cause, commits } = end;
  const rate = elapsedMs === 0 ? 0 : (endedNow * 1_000) / elapsedMs;
  const before = ended - endedNow;
  const parts = [
    `${plural(ended, 'item')}${before > 0 ? `, ${count(before)} of them in earlier runs` : ''}: ${count(ended - failed)} done, ${count(failed)} failed`,
    `${duration(elapsedMs)} (${count(rate)}/s)`,
  ];
  if (cause !== null) parts.push(CAUSES[cause]);
  return {
    text: `offthread batch: ${parts.join('; ')}`,
    data: {
      items: ended,
      succeeded: ended - failed,
      failed,
      retries: retried,
      earlier: before,
      elapsedMs: Math.round(elapsedMs),
      rate: Math.round(rate),
      ended: cause ?? 'complete',
      commits,
    },
  };
}
