/**
 * A row for each contestant: its name, a mark, its figure in words.
 *
 * On a linear scale the mark is a bar. A logarithmic scale has no zero for a
 * bar to start from, so the mark is a point there.
 */
import type { CustomSeriesOption, SeriesOption } from 'echarts';
import { type FigureAxis, figureAxis } from './axis.js';
import { MARGIN, SMALL, STRONG, TEXT, type TextStyle, colour, drawn, linesOf, widthOf } from './chart.js';
import { short } from './figures.js';
import { type Bar, type BarPlot, described } from './plot.js';

const ROW_GAP = 10;
const THICK = 14;
const POINT = 12;
/** Between a mark and the words beside it. */
const GAP = 8;
/** Wider names are broken into lines. */
const WIDEST_NAME = 400;
const AXIS = 26;

const nameStyle = ({ ours }: Bar): TextStyle => (ours ? STRONG : TEXT);
const markColour = (bar: Bar | undefined): string => colour(bar?.ours === true ? 'ours' : 'peer');
const noteOf = ({ note }: Bar): string => (note === '' ? '' : `  ${note}`);

/**
 * From the least to the greatest of the rounds: a whisker across a bar, or a
 * band behind a point, which also has a line from its name.
 */
function spreads({ bars, scale }: BarPlot, { at }: FigureAxis): CustomSeriesOption {
  return {
    type: 'custom',
    z: scale === 'log' ? 1 : 3,
    data: bars.map(({ value, spread = [value, value] }, row) => [...spread.map(at), row]),
    encode: { x: [0, 1], y: 2 },
    renderItem: (_, api) => {
      const row = Number(api.value(2));
      const [from = 0, y = 0] = api.coord([api.value(0), row]);
      const [to = 0] = api.coord([api.value(1), row]);
      const [start = 0] = api.coord([at(-Infinity), row]);
      const path = (pathData: string, style: object) =>
        ({ type: 'path', shape: { pathData }, style: { ...style, fill: 'none' } }) as const;
      const rule = path(`M${start} ${y}H${from}`, { stroke: colour('grid') });
      const band = { stroke: markColour(bars[row]), lineWidth: 6, opacity: 0.45 };
      const whisker = path(`M${from} ${y - 4}v8m0-4H${to}m0-4v8`, { stroke: colour('ink'), lineWidth: 1.5 });
      const spread = scale === 'log' ? path(`M${from} ${y}H${to}`, band) : whisker;
      return {
        type: 'group',
        children: [...(scale === 'log' ? [rule] : []), ...(from === to ? [] : [spread])],
      };
    },
  };
}

function marks({ bars, scale }: BarPlot, { at }: FigureAxis): SeriesOption {
  const data = bars.map((bar, row) => ({
    value: [at(bar.value), row],
    itemStyle: { color: markColour(bar) },
  }));
  if (scale === 'log') {
    return {
      type: 'scatter',
      symbolSize: POINT,
      itemStyle: { borderColor: colour('ground'), opacity: 1 },
      data,
    };
  }
  return { type: 'bar', barWidth: THICK, barMinHeight: 1, data };
}

/** The figures in words, to the right of mark and spread. */
function figures({ bars, scale }: BarPlot, { at }: FigureAxis): SeriesOption {
  return {
    type: 'scatter',
    symbolSize: 1,
    itemStyle: { color: 'transparent', opacity: 1 },
    data: bars.map((bar, row) => ({
      value: [Math.max(at(bar.value), ...(bar.spread ?? []).map(at)), row],
      label: {
        formatter: `{figure|${short(bar.value)}}{note|${noteOf(bar)}}`,
        rich: { figure: nameStyle(bar), note: SMALL },
      },
    })),
    label: { show: true, position: 'right', distance: scale === 'log' ? GAP + POINT / 2 : GAP },
  };
}

export function drawBars(plot: BarPlot): string {
  const { title, caption, bars, scale } = plot;
  const axis = figureAxis(
    scale,
    bars.flatMap(({ value, spread = [] }) => [value, ...spread]),
  );
  const names = bars.map((bar) => linesOf(bar.label, nameStyle(bar), WIDEST_NAME));
  const row = Math.max(...names.map(({ length }) => length)) * TEXT.lineHeight + ROW_GAP;
  const words = bars.map((bar) => widthOf(short(bar.value), nameStyle(bar)) + widthOf(noteOf(bar), SMALL));
  return drawn({
    title,
    caption,
    description: described(plot, short),
    height: bars.length * row + AXIS,
    room: Math.max(...words) + GAP + POINT / 2 - MARGIN / 2,
    option: {
      xAxis: axis.option,
      yAxis: {
        type: 'category',
        inverse: true,
        data: bars.map((bar, index) => ({
          value: names[index]?.join('\n') ?? '',
          textStyle: nameStyle(bar),
        })),
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { ...TEXT, interval: 0 },
      },
      series: [spreads(plot, axis), marks(plot, axis), figures(plot, axis)],
    },
  });
}
