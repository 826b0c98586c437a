/**
 * A row for each contestant: its name, a mark, its figure in words.
 *
 * On a linear scale the mark is a bar. A logarithmic scale has no foot that a
 * bar could stand on, so there it is a point.
 */
import { framed, head } from './frame.js';
import { textWidth, wrapped } from './letters.js';
import { type Bar, type BarPlot, described } from './plot.js';
import { type Scale, linear, logarithmic, short } from './scale.js';
import { element, text } from './svg.js';
import { MARGIN, SMALL_SIZE, TEXT_SIZE, WIDTH } from './theme.js';

const LINE = 16;
const ROW_GAP = 10;
const THICK = 14;
const CAP = 4;
const POINT = 5.5;
/** Between a mark and the words beside it. */
const GAP = 8;
/** Names are broken into lines above this. */
const WIDEST_LABEL = 340;
const AXIS = 26;

interface Layout {
  /** From where to where marks may be. */
  readonly left: number;
  readonly right: number;
  readonly scale: Scale;
}

interface Placed {
  readonly bar: Bar;
  readonly label: readonly string[];
  readonly top: number;
  readonly height: number;
}

function wordsWidth({ value, note }: Bar): number {
  const beside = note === '' ? 0 : textWidth(`  ${note}`, SMALL_SIZE);
  return textWidth(short(value), TEXT_SIZE, true) + beside;
}

function rowsOf(bars: readonly Bar[], top: number): Placed[] {
  let next = top;
  return bars.map((bar) => {
    const label = wrapped(bar.label, TEXT_SIZE, WIDEST_LABEL, bar.ours);
    const placed = { bar, label, top: next, height: label.length * LINE + ROW_GAP };
    next += placed.height;
    return placed;
  });
}

function layoutOf(plot: BarPlot, rows: readonly Placed[]): Layout {
  const figures = plot.bars
    .flatMap(({ value, spread }) => [value, ...(spread ?? [])])
    .filter(Number.isFinite);
  const labels = rows.flatMap(({ bar, label }) => label.map((line) => textWidth(line, TEXT_SIZE, bar.ours)));
  const words = plot.bars.map(wordsWidth);
  return {
    left: MARGIN + Math.max(...labels) + GAP,
    right: WIDTH - MARGIN - GAP - Math.max(...words),
    scale: plot.scale === 'log' ? logarithmic(figures) : linear(figures),
  };
}

const place = ({ left, right, scale }: Layout, value: number): number =>
  left + scale.at(value) * (right - left);

/** Figures along the foot, those left out that would touch the one before. */
function axis(layout: Layout, top: number, bottom: number): string[] {
  let free = -Infinity;
  return layout.scale.ticks.flatMap((tick) => {
    const x = place(layout, tick);
    const line = element('line', { class: 'grid', x1: x, y1: top, x2: x, y2: bottom });
    const half = textWidth(short(tick), SMALL_SIZE) / 2;
    if (x - half < free) return [line];
    free = x + half + GAP;
    return [line, text('text', { class: 'small faint middle', x, y: bottom + 17 }, short(tick))];
  });
}

/** From the least to the greatest of the rounds: a whisker across a bar, a band behind a point. */
function spread(plot: BarPlot, layout: Layout, { spread, ours }: Bar, y: number): string[] {
  if (spread === undefined) return [];
  const [from = 0, to = 0] = spread.map((value) => place(layout, value).toFixed(2));
  if (plot.scale === 'log') {
    return [element('path', { class: `band ${ours ? 'ours' : 'peer'}-line`, d: `M${from} ${y}H${to}` })];
  }
  const cap = (x: string | number): string => `M${x} ${y - CAP}v${2 * CAP}`;
  return [element('path', { class: 'spread', d: `${cap(from)}M${from} ${y}H${to}${cap(to)}` })];
}

function mark(plot: BarPlot, layout: Layout, { value, ours }: Bar, y: number): string {
  const kind = ours ? 'ours' : 'peer';
  const x = place(layout, value);
  if (plot.scale === 'log') return element('circle', { class: `${kind} ring`, cx: x, cy: y, r: POINT });
  const foot = place(layout, 0);
  const width = Math.max(1, Math.abs(x - foot));
  return element('rect', {
    class: kind,
    x: Math.min(x, foot),
    y: y - THICK / 2,
    width,
    height: THICK,
    rx: Math.min(2, width / 2),
  });
}

function drawn(plot: BarPlot, layout: Layout, { bar, label, top, height }: Placed): string[] {
  const middle = top + height / 2;
  const strong = bar.ours ? ' strong' : '';
  const first = middle - ((label.length - 1) * LINE) / 2 + TEXT_SIZE * 0.36;
  const names = label.map((line, index) =>
    text('text', { class: `ink right${strong}`, x: layout.left - GAP, y: first + index * LINE }, line),
  );
  const end = Math.max(
    place(layout, bar.value) + (plot.scale === 'log' ? POINT : 0),
    ...(bar.spread ?? []).map((value) => place(layout, value)),
  );
  const note = bar.note === '' ? '' : text('tspan', { class: 'small faint', dx: 6 }, bar.note);
  const figure = text('tspan', { class: `ink${strong}` }, short(bar.value));
  const own = mark(plot, layout, bar, middle);
  const reach = spread(plot, layout, bar, middle);
  const x = place(layout, bar.value);
  return [
    ...names,
    ...(plot.scale === 'log'
      ? [element('line', { class: 'grid', x1: layout.left, y1: middle, x2: x, y2: middle }), ...reach, own]
      : [own, ...reach]),
    element('text', { x: end + GAP, y: middle + TEXT_SIZE * 0.36 }, `${figure}${note}`),
  ];
}

export function drawBars(plot: BarPlot): string {
  const { content, bottom } = head(plot.title, plot.caption);
  const rows = rowsOf(plot.bars, bottom);
  const layout = layoutOf(plot, rows);
  const foot = rows.reduce((y, { height }) => y + height, bottom);
  return framed(plot.title, described(plot, short), foot + AXIS + MARGIN / 2, [
    ...content,
    ...axis(layout, bottom, foot),
    ...rows.flatMap((row) => drawn(plot, layout, row)),
  ]);
}
