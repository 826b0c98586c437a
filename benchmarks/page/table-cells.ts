/** Reads the cells of recorded tables: numbers, and texts that are numbers for people. */
import type { Cell, Row } from './recording.js';

/** What never came is later than everything. */
const NEVER = 'never';

/** Of '1,024', '6.82', '98.7 %' or 'never'; NaN for all else. */
export function numberOf(cell: Cell | null | undefined): number {
  if (typeof cell === 'number') return cell;
  if (cell === NEVER) return Infinity;
  const digits = /^[+-]?\d[\d,]*(?:\.\d+)?(?= ?%?$)/.exec(cell ?? '');
  return digits === null ? NaN : Number(digits[0].replaceAll(',', ''));
}

/** Whether there are numbers in a column and, but for empty cells, nothing else. */
export function isNumeric(rows: readonly Row[], column: string): boolean {
  const cells = rows.map((row) => row[column]).filter((cell) => cell !== '' && cell !== '-');
  return cells.length > 0 && cells.every((cell) => !Number.isNaN(numberOf(cell)));
}

export function columnsOf(rows: readonly Row[]): string[] {
  return Object.keys(rows[0] ?? {});
}

/** What a row is called: its first cell, and the words that follow. */
export function labelOf(row: Row, rows: readonly Row[]): string {
  const [first = '', ...others] = columnsOf(rows);
  const end = others.findIndex((column) => isNumeric(rows, column));
  const words = end < 0 ? [] : others.slice(0, end);
  return [first, ...words]
    .map((column) => String(row[column] ?? ''))
    .filter((cell) => cell !== '')
    .join(', ');
}
