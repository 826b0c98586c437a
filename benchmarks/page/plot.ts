/** From a recorded table to what is drawn of it. */
import { figure } from '../harness/report/table.js';
import { columnsOf, labelOf, numberOf } from './table-cells.js';
import type { PlotWish, RecordedTable, Row } from './recording.js';

/** What bars and lines have in common. */
interface Common {
  readonly title: string;
  /** What the figures are, and which way is better. */
  readonly caption: string;
  readonly scale: 'log' | 'linear';
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** From the least to the greatest of the rounds; undefined where there is none, or it was not recorded. */
  readonly spread: readonly [least: number, most: number] | undefined;
  /** Beside the value: how many times the yardstick's it is. */
  readonly note: string;
  readonly ours: boolean;
}

export interface BarPlot extends Common {
  readonly kind: 'bars';
  readonly bars: readonly Bar[];
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly ours: boolean;
}

export interface LinePlot extends Common {
  readonly kind: 'lines';
  /** What the figures along the foot are. */
  readonly along: string;
  readonly lines: readonly Line[];
}

export type Plot = BarPlot | LinePlot;

/** Ours is what the drawing is about; where nothing else is in it, all of it is. */
function marker(rows: readonly Row[]): (label: string) => boolean {
  const ours = (label: string): boolean => label.startsWith('offthread');
  const any = rows.some((row) => ours(labelOf(row, rows)));
  return (label) => !any || ours(label);
}

function spreadColumns(
  rows: readonly Row[],
  { value, spread }: PlotWish,
): readonly [string, string] | undefined {
  const columns = columnsOf(rows);
  const usual = [spread, ['least', 'most'], [`least ${value}`, `most ${value}`]] as const;
  const found = usual.find((pair) => pair?.every((column) => columns.includes(column)));
  return found === undefined ? undefined : [found[0], found[1]];
}

function captionOf({ value, unit, better, scale }: PlotWish, more: readonly string[]): string {
  const what = unit === undefined || value.includes(unit) ? value : `${value}, ${unit}`;
  const direction = better === undefined ? [] : [better === 'higher' ? 'more is better' : 'less is better'];
  return [what, ...direction, ...(scale === 'log' ? ['logarithmic scale'] : []), ...more].join(' · ');
}

function barsOf({ title, rows }: RecordedTable, wish: PlotWish): BarPlot {
  const isOurs = marker(rows);
  const pair = spreadColumns(rows, wish);
  const ratio = columnsOf(rows).find((column) => column.startsWith('x '));
  const bars = rows.map((row) => {
    const label = labelOf(row, rows);
    const [least = NaN, most = NaN] = pair?.map((column) => numberOf(row[column])) ?? [];
    const times = ratio === undefined ? NaN : numberOf(row[ratio]);
    return {
      label,
      value: numberOf(row[wish.value]),
      spread: most > least ? ([least, most] as const) : undefined,
      note: Number.isFinite(times) ? `× ${figure(times)}` : '',
      ours: isOurs(label),
    };
  });
  const more = [
    ...(bars.every(({ spread }) => spread === undefined) ? [] : ['spread: least and most of the rounds']),
    ...(ratio === undefined ? [] : [`×: times ${ratio.slice(2)}`]),
  ];
  return {
    kind: 'bars',
    title,
    caption: captionOf(wish, more),
    scale: wish.scale ?? 'linear',
    bars: bars.filter(({ value }) => !Number.isNaN(value)),
  };
}

/** '1,024 in flight': the figure, and what it is of. */
const AT_NUMBER = /^([\d,]+(?:\.\d+)?)(?:\s+(.*))?$/;

function linesOf({ title, rows }: RecordedTable, wish: PlotWish): LinePlot {
  const isOurs = marker(rows);
  const places = columnsOf(rows)
    .slice(1)
    .flatMap((column) => {
      const found = AT_NUMBER.exec(column);
      return found === null ? [] : [{ column, x: numberOf(found[1]), of: found[2] ?? '' }];
    });
  const lines = rows.map((row) => {
    const label = labelOf(row, rows);
    const points = places.map(({ column, x }) => [x, numberOf(row[column])] as const);
    return { label, ours: isOurs(label), points: points.filter(([, y]) => Number.isFinite(y)) };
  });
  return {
    kind: 'lines',
    title,
    caption: captionOf(wish, []),
    scale: wish.scale ?? 'linear',
    along: places.at(-1)?.of ?? '',
    lines: lines.filter(({ points }) => points.length > 0),
  };
}

/** @returns undefined where nothing was said of drawing it, or nothing is there to be drawn. */
export function plotOf(table: RecordedTable): Plot | undefined {
  const { plot: wish } = table;
  if (wish === undefined) return undefined;
  const plot = wish.kind === 'lines' ? linesOf(table, wish) : barsOf(table, wish);
  const empty = plot.kind === 'lines' ? plot.lines.length === 0 : plot.bars.length === 0;
  return empty ? undefined : plot;
}

/** The same in words. */
export function described(plot: Plot, write: (value: number) => string): string {
  const items =
    plot.kind === 'bars'
      ? plot.bars.map(({ label, value }) => `${label}: ${write(value)}`)
      : plot.lines.map(
          ({ label, points }) =>
            `${label}: ${points.map(([x, y]) => `${write(y)} at ${x.toLocaleString('en')}`).join(', ')}`,
        );
  return `${plot.caption}. ${items.join('; ')}.`;
}
