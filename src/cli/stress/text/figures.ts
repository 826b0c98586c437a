/** Figures of a stress report, for people. */
import { count, table } from '../../console/format.js';
import type { LatencyDigest } from '../load/load-types.js';

/** `240 ns`, `3.2 µs`, `240 µs`, `1.25 ms`, `12.3 ms`, `1.25 s`; a dash where nothing was measured. */
export function time(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 0.001) return `${(ms * 1e6).toFixed(0)} ns`;
  if (ms < 0.1) return `${(ms * 1e3).toFixed(1)} µs`;
  if (ms < 1) return `${(ms * 1e3).toFixed(0)} µs`;
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 999.5) return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** Calls a second: `2,000`, `12.5`, `0.40`. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? count(perSecond) : perSecond.toFixed(perSecond >= 10 ? 1 : 2);
}

/** `12 %`, `0.4 %`. */
export function percent(part: number): string {
  const value = part * 100;
  return `${value.toFixed(value !== 0 && Math.abs(value) < 10 ? 1 : 0)} %`;
}

/** Spaces between columns. */
export const GAP = 3;

/** Rows of times, one for each distribution. */
export function latencyTable(rows: readonly (readonly [name: string, LatencyDigest])[]): string[] {
  return table(
    [
      ['', 'p50', 'p90', 'p99', 'p99.9', 'max', 'samples'],
      ...rows.map(([name, { p50, p90, p99, p999, max, samples }]) => [
        name,
        ...[p50, p90, p99, p999, max].map(time),
        count(samples),
      ]),
    ],
    GAP,
  );
}

/** Lines with a margin. */
export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}

/** Characters of a line of text. */
const WIDTH = 96;

/** A text in lines of a readable length. */
export function paragraph(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
