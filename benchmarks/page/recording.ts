/** What `--record` keeps of a question, as it is read back: all that a later version of it may lack is optional. */
import { readFileSync } from 'node:fs';

export type Cell = string | number;
export type Row = Readonly<Record<string, Cell>>;

/** How a table is to be drawn. */
export interface PlotWish {
  /** Of bars: the column that they show. Of lines: what their points are. */
  readonly value: string;
  readonly unit?: string;
  readonly better?: 'higher' | 'lower';
  readonly scale?: 'log' | 'linear';
  /** A bar for each row; or a line for each, with a point for each column whose heading begins with a number. */
  readonly kind?: 'bars' | 'lines';
  /** Columns with the least and the greatest of the rounds. */
  readonly spread?: readonly [least: string, most: string];
}

export interface RecordedTable {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly plot?: PlotWish;
}

export interface RecordedTarget {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly met: boolean;
  /** What `measured` says, as a number; null where it is none (JSON has no NaN). */
  readonly value?: number | null;
  /** What `wanted` says. */
  readonly bound?: number | null;
  readonly better?: 'higher' | 'lower';
}

export interface Recording {
  /** That made it: shows whether it was a quick run. */
  readonly command: string;
  readonly machine: string;
  readonly load: string;
  readonly tables: readonly RecordedTable[];
  readonly targets: readonly RecordedTarget[];
}

/** @returns undefined where nothing is recorded. */
export function readRecording(file: string): Recording | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return { command: '', machine: '', load: '', tables: [], targets: [], ...(JSON.parse(text) as object) };
}
