/** Figures as text, and lines of a table: text to the left, numbers to the right. */
import { summary } from '../measure/statistics.js';

/** Rounded to what is worth reading: whole from 100 up, else three digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** A ratio of each round, in one: the median, and how far they reach. */
export function times(ratios: readonly number[]): string {
  const { median, least, most } = summary(ratios);
  return `${figure(median)} times (${figure(least)} to ${figure(most)})`;
}

function shown(value: string | number | undefined): string {
  return typeof value === 'number' ? figure(value) : (value ?? '');
}

/** @param rows objects with the same keys. */
export function table(rows: readonly Record<string, string | number>[]): string[] {
  const headings = Object.keys(rows[0] ?? {});
  const columns = headings.map((heading) => {
    const cells = rows.map((row) => shown(row[heading]));
    const width = Math.max(heading.length, ...cells.map((cell) => cell.length));
    const right = rows.every((row) => typeof row[heading] === 'number');
    return [heading, '-'.repeat(width), ...cells].map((cell) =>
      right ? cell.padStart(width) : cell.padEnd(width),
    );
  });
  const first = columns[0] ?? [];
  return first.map(
    (_, line) =>
      `  ${columns
        .map((column) => column[line])
        .join('  ')
        .trimEnd()}`,
  );
}
