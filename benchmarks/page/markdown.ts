/** Writes Markdown: tables, and text that means itself. */
import { figure } from '../harness/report/table.js';
import { columnsOf, isNumeric } from './table-cells.js';
import type { Cell, Row } from './recording.js';

/** Text that holds nothing which Markdown or HTML would take for its own. */
export function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|~]/g, String.raw`\$&`).replaceAll('&', '&amp;');
}

const cell = (value: Cell | undefined): string =>
  typeof value === 'number' ? figure(value) : plain(value ?? '');

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** @param cells of each row: Markdown. @param right columns whose cells stand to the right. */
export function grid(
  headings: readonly string[],
  cells: readonly (readonly string[])[],
  right: readonly boolean[] = [],
): string[] {
  const rule = headings.map((_, index) => (right[index] ? '---:' : '---'));
  return [headings, rule, ...cells].map(line);
}

/** A recorded table. */
export function table(rows: readonly Row[]): string[] {
  const columns = columnsOf(rows);
  return grid(
    columns.map(plain),
    rows.map((row) => columns.map((column) => cell(row[column]))),
    columns.map((column) => isNumeric(rows, column)),
  );
}

/** Shown when it is asked for. GitHub needs the empty lines to read what is inside as Markdown. */
export function folded(summary: string, lines: readonly string[]): string[] {
  return ['<details>', `<summary>${plainHtml(summary)}</summary>`, '', ...lines, '', '</details>'];
}

function plainHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The anchor that GitHub gives a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}
