/** Numbers and tables as people read them. */
import { stripVTControlCharacters } from 'node:util';

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1234567 is `1,234,567`. */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** `0.07`, `6.4`, `80`, `4,096`: two digits behind the point below 10, and no zeros at their end. */
export function amount(value: number): string {
  return Math.abs(value) < 10 ? String(Number(value.toFixed(2))) : count(value);
}

/** `0.42 ms`, `12.3 ms`, `251 ms`, `1.25 s`. */
export function duration(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 1 ? 2 : ms < 99.95 ? 1 : 0)} ms`;
}

/** `640 kB`, `1.6 MB`, `25.3 GB`: decimal units. */
export function size(bytes: number): string {
  if (bytes >= 999_950_000) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes < 999_500 ? `${count(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The first characters of a text, for a message that quotes it. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `1 file`, `2 files`. */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** Characters that a text takes on the screen; colours take none. */
function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Pads to a width: numbers to the right, words to the left. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'right' ? text + space : space + text;
}

/** Lines of a table: the first column reads from the left, the others line up at the right. */
export function table(rows: readonly (readonly string[])[], gap = 4): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const lines = rows.map((row) =>
    widths
      .map((width, column) => pad(row[column] ?? '', width, column === 0 ? 'right' : 'left'))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, gap * Math.max(0, columns - 1)));
  return [...lines.slice(0, 1), rule, ...lines.slice(1)];
}

/** A bar that is filled to a part of 1. */
export function bar(part: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
