/** Percentiles of times among which some never came. */
import { NEVER } from './guard.js';
import { percentile } from './statistics.js';
import { figure } from '../report/table.js';

/** For a table, or a line. */
export function shownMs(ms: number): string {
  if (Number.isNaN(ms)) return '-';
  return ms === NEVER ? 'never' : figure(ms);
}

/** Cells of a table: the sample, and how many of it never came. */
export function timeCells(ms: readonly number[]): Record<string, string | number> {
  const shares = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1 };
  const cells = Object.entries(shares).map(([name, share]): [string, number | string] => {
    const value = percentile(ms, share);
    return [name, Number.isFinite(value) ? value : shownMs(value)];
  });
  const never = ms.filter((one) => one === NEVER).length;
  return { ...Object.fromEntries(cells), never: never === 0 ? '0' : `${never} of ${ms.length}` };
}
