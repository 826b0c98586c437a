/** Lines of a table: text to the left, numbers to the right. */

/** Rounded to what is worth reading: whole from 100 up, else three digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
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
