/**
 * Draws the plots of a report, in the browser. A plot is drawn again when its width changes, when the colours of the
 * system change, and for print, which is light.
 */
import uPlot from 'uplot';
import type { Plot, PlotSeries } from './plot.js';

/** The little of a browser that is used here: the project is compiled without the types of browsers. */
interface Element {
  readonly clientWidth: number;
  textContent: string | null;
  replaceChildren(...nodes: readonly unknown[]): void;
  appendChild(node: unknown): void;
}
declare const document: { getElementById(id: string): Element | null; readonly documentElement: Element };
declare const getComputedStyle: (element: Element) => { getPropertyValue(name: string): string };
declare const matchMedia: (query: string) => { addEventListener(type: string, listener: () => void): void };
declare const addEventListener: (type: string, listener: () => void) => void;
declare const ResizeObserver: new (seen: () => void) => { observe(element: Element): void };

const HEIGHT = 280;
/** The library has only a constant enumeration for it, which is not there at run time. */
const LOGARITHMIC = { distr: 3 } as unknown as uPlot.Scale;
const INTEGERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const FIGURES = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

const read = (id: string): Element | null => document.getElementById(id);
const variable = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** 1 is `90 %`, 2 is `99 %`, 3 is `99.9 %`. */
function share(nines: number): string {
  return `${Number((100 * (1 - 10 ** -nines)).toFixed(6))} %`;
}

function seriesOptions({ label, colour, kind }: PlotSeries): uPlot.Series {
  const stroke = variable(`--plot-${colour}`);
  if (kind === 'points')
    return { label, stroke, paths: () => null, points: { show: true, size: 9, fill: stroke } };
  if (kind === 'line') return { label, stroke, width: 2, spanGaps: true, points: { show: false } };
  return { label, stroke: `${stroke}66`, width: 1, spanGaps: true, points: { show: false } };
}

function draw(plot: Plot, target: Element): void {
  const { x, y, series } = plot;
  const text = variable('--text');
  const grid = { stroke: variable('--line'), width: 1 };
  const value = y.scale === 'log' ? FIGURES : INTEGERS;
  const high = series.findIndex(({ kind }) => kind === 'high');
  const most = Math.max(...x.values);
  const xValue = (at: number): string => (x.scale === 'nines' ? share(at) : FIGURES.format(at));
  const whole = x.scale !== 'linear';
  const chart = new uPlot(
    {
      width: Math.max(280, target.clientWidth),
      height: HEIGHT,
      scales: {
        x: { time: false, ...(x.scale === 'count' && { range: [0, most + 1] }) },
        y: y.scale === 'log' ? LOGARITHMIC : { range: (_self, _low, top) => [0, top * 1.1 || 1] },
      },
      axes: [
        {
          stroke: text,
          grid,
          ticks: grid,
          label: x.label,
          ...(whole && { incrs: [1, 2, 5, 10, 20, 50, 100] }),
          values: (_self, splits) => splits.map(xValue),
        },
        {
          stroke: text,
          grid,
          ticks: grid,
          size: 70,
          label: y.label,
          values: (_self, splits) => splits.map((at) => (at === null ? '' : value.format(at))),
        },
      ],
      series: [
        { label: x.label, value: (_self, at) => (at === null ? '' : xValue(at)) },
        ...series.map((one) => ({
          ...seriesOptions(one),
          value: (_self: uPlot, at: number | null) => (at === null ? '' : value.format(at)),
        })),
      ],
      bands: high < 0 ? [] : [{ series: [high + 1, high + 2], fill: `${variable('--plot-1')}22` }],
    },
    [[...x.values], ...series.map(({ values }) => [...values])] as uPlot.AlignedData,
  );
  target.replaceChildren(chart.root);
}

const plots = JSON.parse(read('plots')?.textContent ?? '[]') as readonly Plot[];

function drawAll(): void {
  for (const plot of plots) {
    const target = read(plot.id);
    if (target !== null) draw(plot, target);
  }
}

drawAll();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
matchMedia('print').addEventListener('change', drawAll);
addEventListener('beforeprint', drawAll);
addEventListener('afterprint', drawAll);
const widths = new Map<Element, number>();
const seen = new ResizeObserver(() => {
  for (const plot of plots) {
    const target = read(plot.id);
    // Drawing changes heights only; without the check, the observer would answer its own drawing.
    if (target === null || widths.get(target) === target.clientWidth) continue;
    widths.set(target, target.clientWidth);
    draw(plot, target);
  }
});
for (const plot of plots) {
  const target = read(plot.id);
  if (target === null) continue;
  widths.set(target, target.clientWidth);
  seen.observe(target);
}
