/** Whether a ratio is still what it was when it was recorded. */
import { matches } from '../harness/report/pattern.js';
import type { RecordedTarget } from '../page/recording.js';
import type { Compared } from './compared.js';

export type Verdict = 'holds' | 'FELL' | 'NOT RECORDED' | 'NOT MEASURED';

export interface Comparison {
  readonly compared: Compared;
  /** Ratios; NaN where there is none. */
  readonly recorded: number;
  readonly now: number;
  /** What is left of the recorded one: 1 is all of it. */
  readonly left: number;
  readonly verdict: Verdict;
}

/** A ratio is a number above 0; JSON has null for those that are none. */
function ratioOf(target: RecordedTarget | undefined): number {
  const value = target?.value;
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : NaN;
}

export function compare(
  compared: Compared,
  recording: readonly RecordedTarget[],
  measured: readonly RecordedTarget[],
): Comparison {
  const called = ({ what }: RecordedTarget): boolean => matches(compared.target, what);
  const before = recording.find(called);
  const recorded = ratioOf(before);
  const now = ratioOf(measured.find(called));
  const left = before?.better === 'lower' ? recorded / now : now / recorded;
  return { compared, recorded, now, left, verdict: verdictOf(recorded, now, left, compared.share) };
}

function verdictOf(recorded: number, now: number, left: number, share: number): Verdict {
  if (Number.isNaN(recorded)) return 'NOT RECORDED';
  if (Number.isNaN(now)) return 'NOT MEASURED';
  return left >= share ? 'holds' : 'FELL';
}

/** Of two comparisons of the same ratio, the one in which more is left. */
export function better(one: Comparison | undefined, other: Comparison): Comparison {
  if (one === undefined || Number.isNaN(one.left)) return other;
  return other.left > one.left ? other : one;
}
