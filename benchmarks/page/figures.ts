/** Figures beside marks and along axes. */
import { figure } from '../harness/report/table.js';

const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** 1.98 M, 125 k, 0.415. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'never' : '-';
  const size = Math.abs(value);
  for (const [unit, letter] of UNITS) {
    // 999,600 is 1 M, not 1,000 k.
    if (size >= unit * 0.9995 && size >= 9_995)
      return `${figure(Number((value / unit).toPrecision(3)))} ${letter}`;
  }
  return figure(value);
}
