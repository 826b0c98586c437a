/**
 * A second and a third look, before a ratio is said to have fallen: a machine
 * that others use as well has bad moments.
 */
import type { RecordedTarget } from '../page/recording.js';
import { type Comparison, better, compare } from './compare.js';
import type { Compared } from './compared.js';

export const ATTEMPTS = 3;

export interface Outcome {
  /** Of each ratio, the best of all looks. */
  readonly comparisons: readonly Comparison[];
  readonly attempts: number;
}

/** Whether measuring again could change it. */
const isOpen = ({ verdict }: Comparison): boolean => verdict === 'FELL' || verdict === 'NOT MEASURED';

/** @param measure runs the question and resolves to its targets. @param list the ratios of that question. */
export async function compareQuestion(
  list: readonly Compared[],
  recording: readonly RecordedTarget[],
  measure: () => Promise<readonly RecordedTarget[]>,
): Promise<Outcome> {
  let best: Comparison[] = list.map((compared) => compare(compared, recording, []));
  let attempts = 0;
  while (attempts < ATTEMPTS && best.some(isOpen)) {
    attempts += 1;
    const measured = await measure();
    best = list.map((compared, index) => better(best[index], compare(compared, recording, measured)));
  }
  return { comparisons: best, attempts };
}
