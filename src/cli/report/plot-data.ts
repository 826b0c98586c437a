/** The plots of a report, as data: the page's script draws them. */
import type { LanesReport } from '../stress/lanes/lanes-report.js';
import type { LatencyDigest, LoadMeasurement } from '../stress/load/load-types.js';
import type { Plot, PlotSeries } from './page/plot.js';

/** Colours of the page, by number. */
const Colour = { first: 1, second: 2, third: 3, bad: 4 } as const;
/** Shares of calls are drawn by their number of nines: 0.9 is 1, 0.99 is 2. More than this no run has samples for. */
const MOST_NINES = 6;

/** Throughput against lanes: what was measured, and the law that was fitted, with its interval. */
export function lanesPlot({ points, law }: LanesReport): Plot {
  const curve = law?.curve ?? [];
  const lanes = [...new Set([...points, ...curve].map((one) => one.lanes))].sort((one, other) => one - other);
  const of = (find: (lanes: number) => number | undefined): (number | null)[] =>
    lanes.map((at) => find(at) ?? null);
  const fitted = (name: 'rate' | 'low' | 'high'): (number | null)[] =>
    of((at) => curve.find((point) => point.lanes === at)?.[name]);
  const series: PlotSeries[] = [
    {
      label: 'measured',
      values: of((at) => points.find((point) => point.lanes === at)?.rate),
      colour: Colour.first,
      kind: 'points',
    },
  ];
  if (law !== null) {
    series.push(
      { label: 'fitted', values: fitted('rate'), colour: Colour.first, kind: 'line' },
      { label: 'interval, high', values: fitted('high'), colour: Colour.first, kind: 'high' },
      { label: 'interval, low', values: fitted('low'), colour: Colour.first, kind: 'low' },
    );
  }
  return {
    id: 'lanes',
    x: { label: 'lanes', values: lanes, scale: 'count' },
    y: { label: 'calls/s', scale: 'linear' },
    series,
  };
}

/** How many calls took how long, from the median into the tail. */
export function latencyPlot({ latency: { total, queue, run } }: LoadMeasurement): Plot {
  const digests: readonly (readonly [label: string, digest: LatencyDigest, colour: number])[] = [
    ['total', total, Colour.first],
    ['waiting', queue, Colour.second],
    ['in the function', run, Colour.third],
  ];
  const nines = (share: number): number => Math.min(MOST_NINES, -Math.log10(1 - share));
  const x = [...new Set(digests.flatMap(([, { quantiles }]) => quantiles.map(([share]) => nines(share))))]
    .filter(Number.isFinite)
    .sort((one, other) => one - other);
  const series = digests.map(([label, { quantiles }, colour]): PlotSeries => {
    // A logarithmic axis has no 0.
    const values = new Map(quantiles.map(([share, ms]) => [nines(share), Math.max(ms, 1e-4)]));
    return { label, values: x.map((at) => values.get(at) ?? null), colour, kind: 'line' };
  });
  return {
    id: 'latency',
    x: { label: 'share of calls', values: x, scale: 'nines' },
    y: { label: 'ms', scale: 'log' },
    series,
  };
}

/** The rate over time, and what did not succeed. */
export function ratePlot({ timeline }: LoadMeasurement): Plot {
  const perSecond = (value: number, ms: number): number => (ms > 0 ? (value * 1_000) / ms : 0);
  const series: PlotSeries[] = [
    { label: 'succeeded', values: timeline.map(({ rate }) => rate), colour: Colour.first, kind: 'line' },
  ];
  if (timeline.some(({ failed, dropped }) => failed + dropped > 0)) {
    const values = timeline.map(({ failed, dropped, ms }) => perSecond(failed + dropped, ms));
    series.push({ label: 'failed or dropped', values, colour: Colour.bad, kind: 'line' });
  }
  return { id: 'rate', x: secondsOf(timeline), y: { label: 'calls/s', scale: 'linear' }, series };
}

/** Times over time. */
export function timesPlot({ timeline }: LoadMeasurement): Plot {
  const series = (['p50', 'p99', 'max'] as const).map((name, index): PlotSeries => {
    const values = timeline.map((point) => {
      const ms = point[name];
      return ms === null ? null : Math.max(ms, 1e-4);
    });
    return {
      label: name,
      values,
      colour: [Colour.first, Colour.second, Colour.third][index] as number,
      kind: 'line',
    };
  });
  return { id: 'times', x: secondsOf(timeline), y: { label: 'ms', scale: 'log' }, series };
}

function secondsOf(timeline: LoadMeasurement['timeline']): Plot['x'] {
  return { label: 's', values: timeline.map(({ atMs }) => atMs / 1_000), scale: 'linear' };
}
