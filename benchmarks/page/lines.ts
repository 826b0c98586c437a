/** A line for each contestant, with its name at its end: how a figure grows. */
import { apart } from './apart.js';
import { framed, head } from './frame.js';
import { textWidth } from './letters.js';
import { type Line, type LinePlot, described } from './plot.js';
import { type Scale, linear, logarithmic, short } from './scale.js';
import { element, text } from './svg.js';
import { MARGIN, SMALL_SIZE, TEXT_SIZE, WIDTH } from './theme.js';

const HEIGHT = 320;
const LABEL_LINE = 17;
const GAP = 8;
/** Between a line's end and its name: room for what connects them. */
const LEAD = 22;
const FOOT = 46;
const POINT = 3.5;
/** A foot on which the figures grow by this factor is logarithmic. */
const WIDE = 8;
/** What tells lines of one colour apart, beside their names. */
const DASHES = ['none', '7 4', '2 4', '10 3 2 3', '4 2'];

interface Layout {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly up: Scale;
  /** Of a figure along the foot, from 0 to 1. */
  readonly along: (x: number) => number;
  /** All figures along the foot, rising. */
  readonly places: readonly number[];
}

function alongOf(places: readonly number[]): (x: number) => number {
  const [first = 0] = places;
  const last = places.at(-1) ?? 1;
  if (first === last) return () => 0.5;
  if (first > 0 && last / first >= WIDE) return (x) => Math.log(x / first) / Math.log(last / first);
  return (x) => (x - first) / (last - first);
}

const nameOf = ({ label, points }: Line): string => `${label}  ${short(points.at(-1)?.[1] ?? NaN)}`;

function layoutOf({ lines, scale }: LinePlot, top: number): Layout {
  const points = lines.flatMap(({ points }) => points);
  const figures = points.map(([, y]) => y);
  const up = scale === 'log' ? logarithmic(figures) : linear(figures);
  const widest = Math.max(...up.ticks.map((tick) => textWidth(short(tick), SMALL_SIZE)));
  const places = [...new Set(points.map(([x]) => x))].sort((one, other) => one - other);
  return {
    left: MARGIN + widest + GAP,
    right:
      WIDTH - MARGIN - LEAD - Math.max(...lines.map((line) => textWidth(nameOf(line), TEXT_SIZE, line.ours))),
    top: top + GAP,
    bottom: top + Math.max(HEIGHT, lines.length * LABEL_LINE),
    up,
    along: alongOf(places),
    places,
  };
}

function grid({ left, right, top, bottom, up }: Layout): string[] {
  return up.ticks.flatMap((tick) => {
    const y = bottom - up.at(tick) * (bottom - top);
    return [
      element('line', { class: 'grid', x1: left, y1: y, x2: right, y2: y }),
      text('text', { class: 'small faint right', x: left - GAP, y: y + SMALL_SIZE * 0.36 }, short(tick)),
    ];
  });
}

/** The figures along the foot, those left out that would touch the one before. */
function foot({ left, right, bottom, along, places }: Layout, what: string): string[] {
  let free = -Infinity;
  const figures = places.flatMap((place) => {
    const x = left + along(place) * (right - left);
    const words = place.toLocaleString('en');
    const half = textWidth(words, SMALL_SIZE) / 2;
    if (x - half < free) return [];
    free = x + half + GAP;
    return [text('text', { class: 'small faint middle', x, y: bottom + 18 }, words)];
  });
  const name = text('text', { class: 'small faint middle', x: (left + right) / 2, y: bottom + 36 }, what);
  return what === '' ? figures : [...figures, name];
}

function drawn(line: Line, layout: Layout, dash: string, nameAt: number): string[] {
  const { left, right, top, bottom, up, along } = layout;
  const spots = line.points.map(
    ([x, y]) => [left + along(x) * (right - left), bottom - up.at(y) * (bottom - top)] as const,
  );
  const kind = line.ours ? 'ours' : 'peer';
  const path = spots.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`);
  const [endX = left, endY = bottom] = spots.at(-1) ?? [];
  return [
    element('path', { class: `line ${kind}-line`, 'stroke-dasharray': dash, d: path.join('') }),
    ...spots.map(([x, y]) => element('circle', { class: `${kind} ring`, cx: x, cy: y, r: POINT })),
    element('path', {
      class: `lead ${kind}-line`,
      d: `M${(endX + POINT + 2).toFixed(2)} ${endY.toFixed(2)}L${(right + LEAD - 4).toFixed(2)} ${nameAt.toFixed(2)}`,
    }),
    text(
      'text',
      { class: `ink${line.ours ? ' strong' : ''}`, x: right + LEAD, y: nameAt + TEXT_SIZE * 0.36 },
      nameOf(line),
    ),
  ];
}

export function drawLines(plot: LinePlot): string {
  const { content, bottom } = head(plot.title, plot.caption);
  const layout = layoutOf(plot, bottom);
  const ends = plot.lines.map(({ points }) => {
    const last = points.at(-1)?.[1] ?? 0;
    return layout.bottom - layout.up.at(last) * (layout.bottom - layout.top);
  });
  const names = apart(ends, LABEL_LINE, layout.top, layout.bottom);
  const seen = { ours: 0, peer: 0 };
  const pictures = plot.lines.map((line, index) => {
    const kind = line.ours ? 'ours' : 'peer';
    const dash = DASHES[seen[kind] % DASHES.length] ?? 'none';
    seen[kind] += 1;
    return { line, content: drawn(line, layout, dash, names[index] ?? layout.top) };
  });
  // What the drawing is about lies above all else.
  const above = pictures.toSorted((one, other) => Number(one.line.ours) - Number(other.line.ours));
  return framed(plot.title, described(plot, short), layout.bottom + FOOT, [
    ...content,
    ...grid(layout),
    ...foot(layout, plot.along),
    ...above.flatMap(({ content }) => content),
  ]);
}
