/** The axis of the figures: linear from 0, or logarithmic between round figures. */
import type { XAXisComponentOption, YAXisComponentOption } from 'echarts';
import { SMALL, colour } from './chart.js';
import { short } from './figures.js';

export interface FigureAxis {
  readonly option: XAXisComponentOption & YAXisComponentOption;
  /** The value at which a figure is drawn: `Infinity`, a call that never returned, at the end of the axis. */
  readonly at: (value: number) => number;
}

const MANY_TICKS = 7;

/** The round figures around the values, with ticks at 1, 2 and 5, or, if those are too many, at powers of ten. */
export function logarithmic(values: readonly number[]): { min: number; max: number; ticks: number[] } {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const [least, most] = positive.length === 0 ? [1, 1] : [Math.min(...positive), Math.max(...positive)];
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(least)) - 1; power <= Math.ceil(Math.log10(most)) + 1; power += 1) {
    steps.push(...[1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  }
  const min = steps.findLast((step) => step <= least) ?? least;
  const max = steps.find((step) => step >= most && step > min) ?? most;
  const within = steps.filter((step) => step >= min && step <= max);
  const ticks = within.length <= MANY_TICKS ? within : within.filter((step) => steps.indexOf(step) % 3 === 0);
  return { min, max, ticks };
}

/** @param values everything that is drawn along the axis. */
export function figureAxis(scale: 'log' | 'linear', values: readonly number[]): FigureAxis {
  const axisLabel = { ...SMALL, formatter: short, hideOverlap: true };
  const common = {
    axisLine: { show: false },
    splitLine: { lineStyle: { color: colour('grid') } },
  };
  if (scale === 'linear') {
    const end = 1.1 * Math.max(0, ...values.filter(Number.isFinite));
    return {
      option: { ...common, type: 'value', axisLabel, axisTick: { show: false } },
      at: (value) => Math.min(value, end),
    };
  }
  const { min, max, ticks: customValues } = logarithmic(values);
  return {
    option: {
      ...common,
      type: 'log',
      min,
      max,
      axisLabel: { ...axisLabel, customValues },
      axisTick: { show: false, customValues },
    },
    at: (value) => Math.max(min, Math.min(value, max)),
  };
}
