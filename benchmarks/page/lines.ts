/** A line for each contestant, with its name at its end: how a figure grows. */
import type { SeriesOption } from 'echarts';
import { type FigureAxis, figureAxis } from './axis.js';
import { MARGIN, SMALL, STRONG, TEXT, type TextStyle, WIDTH, colour, drawn, widthOf } from './chart.js';
import { short } from './figures.js';
import { type Line, type LinePlot, described } from './plot.js';

const HEIGHT = 340;
const NAME_LINE = 17;
/** Between the end of the axes and the names. */
const LEAD = 22;
/** Between the line that leads to a name and the name. */
const PADDING = 4;
/** The horizontal axis is logarithmic if its values grow by this factor. */
const WIDE = 8;
/** Lines of one colour differ by their dashes. */
const DASHES = [[], [7, 4], [2, 4], [10, 3, 2, 3], [4, 2]];

const nameOf = ({ label, points }: Line): string => `${label}  ${short(points.at(-1)?.[1] ?? NaN)}`;
const nameStyle = ({ ours }: Line): TextStyle => (ours ? STRONG : TEXT);
const lineColour = ({ ours }: Line): string => colour(ours ? 'ours' : 'peer');

/** Ours above the peers. */
const layer = ({ ours }: Line): number => (ours ? 3 : 2);

function seriesOf(lines: readonly Line[], { at }: FigureAxis): SeriesOption[] {
  const seen = { ours: 0, peer: 0 };
  return lines.map((line) => {
    const kind = line.ours ? 'ours' : 'peer';
    const dash = DASHES[seen[kind]++ % DASHES.length] ?? [];
    return {
      type: 'line',
      z: layer(line),
      data: line.points.map(([x, y]) => [x, at(y)]),
      symbol: 'circle',
      symbolSize: 7,
      color: lineColour(line),
      lineStyle: { width: 2, type: dash.length === 0 ? 'solid' : dash },
    };
  });
}

/** Names in a column, moved apart where lines end close to each other, each connected with the end of its line. */
function names(lines: readonly Line[], { at }: FigureAxis, column: number): SeriesOption {
  return {
    type: 'scatter',
    symbolSize: 7,
    itemStyle: { color: 'transparent', opacity: 1 },
    data: lines.map((line) => {
      const [x = 0, y = 0] = line.points.at(-1) ?? [];
      return {
        value: [x, at(y)],
        label: { formatter: nameOf(line), ...nameStyle(line) },
        labelLine: { lineStyle: { color: lineColour(line) } },
      };
    }),
    label: { show: true, position: 'right', padding: [0, 0, 0, PADDING] },
    labelLine: { show: true, length2: 4, lineStyle: { opacity: 0.6 } },
    labelLayout: { x: column, moveOverlap: 'shiftY' },
  };
}

export function drawLines(plot: LinePlot): string {
  const { title, caption, lines, scale, along } = plot;
  const places = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const [first = 0] = places;
  const last = places.at(-1) ?? first;
  const room = LEAD + PADDING + Math.max(...lines.map((line) => widthOf(nameOf(line), nameStyle(line))));
  const axis = figureAxis(
    scale,
    lines.flatMap(({ points }) => points.map(([, y]) => y)),
  );
  return drawn({
    title,
    caption,
    description: described(plot, short),
    height: Math.max(HEIGHT, (lines.length + 3) * NAME_LINE),
    room,
    option: {
      xAxis: {
        axisLine: { show: false },
        axisTick: { show: false },
        type: first > 0 && last / first >= WIDE ? 'log' : 'value',
        logBase: 2,
        min: first === last ? first - 1 : first,
        max: first === last ? first + 1 : last,
        name: along,
        nameLocation: 'middle',
        nameTextStyle: SMALL,
        axisLabel: {
          ...SMALL,
          customValues: places,
          formatter: (x: number) => x.toLocaleString('en'),
          hideOverlap: true,
        },
        splitLine: { show: false },
      },
      yAxis: axis.option,
      series: [...seriesOf(lines, axis), names(lines, axis, WIDTH - MARGIN - room + LEAD)],
    },
  });
}
