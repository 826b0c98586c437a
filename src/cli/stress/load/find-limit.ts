/**
 * The highest rate at which all objectives hold: the rate is doubled until one breaks, and then halved between the last
 * that held and the first that broke, until those two are within 5 %. A rate that breaks is tried a second time: a
 * second of the machine's own must not decide.
 */
import type { LoadMeasurement } from './load-types.js';
import { type Objective, type ObjectiveResult, judge } from './objectives.js';

/** One rate that was tried. */
export interface LimitStep {
  /** Arrivals a second. */
  readonly rate: number;
  /** Successful calls a second. */
  readonly reached: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly held: boolean;
  /** The objectives that broke. */
  readonly broken: readonly ObjectiveResult[];
}

export interface LimitReport {
  /** The highest rate that held; null when none did. */
  readonly rate: number | null;
  /** The lowest rate that broke; null when none did. */
  readonly brokeAt: number | null;
  readonly steps: readonly LimitStep[];
}

/** Part of the arrivals that must succeed: below that, the load is more than the lanes can do. */
const KEPT_UP = 0.95;
const CLOSE = 1.05;
const MOST_STEPS = 40;

/**
 * @param start - arrivals a second to begin with.
 * @param measure - measures an open load of so many arrivals a second.
 * @param signal - ends the search early.
 * @param onStep - is told of each rate.
 */
export async function findLimit(
  start: number,
  objectives: readonly Objective[],
  measure: (rate: number) => Promise<LoadMeasurement>,
  signal: AbortSignal,
  onStep: (step: LimitStep) => void,
): Promise<LimitReport> {
  const steps: LimitStep[] = [];
  const attempt = async (rate: number): Promise<LimitStep> => {
    const step = stepOf(rate, objectives, await measure(rate));
    // A measurement that was ended early says nothing.
    if (!signal.aborted) {
      steps.push(step);
      onStep(step);
    }
    return step;
  };
  let held = 0;
  let broke = Infinity;
  let rate = start;
  while (!signal.aborted && steps.length < MOST_STEPS && broke / Math.max(held, 1e-9) > CLOSE) {
    const first = await attempt(rate);
    const holds = first.held || (!signal.aborted && (await attempt(rate)).held);
    if (signal.aborted) break;
    if (holds) held = rate;
    else broke = rate;
    if (broke === Infinity) rate = held * 2;
    else if (held === 0) rate = broke / 4;
    else rate = Math.sqrt(held * broke);
    // Less than one call in ten seconds is no rate to look for.
    if (rate < 0.1) break;
  }
  return { rate: held === 0 ? null : held, brokeAt: broke === Infinity ? null : broke, steps };
}

function stepOf(rate: number, objectives: readonly Objective[], measured: LoadMeasurement): LimitStep {
  const broken = objectives.map((one) => judge(one, measured)).filter(({ met }) => !met);
  const least = rate * KEPT_UP;
  if (measured.rate < least) {
    broken.push({ objective: 'keeps up', met: false, measured: measured.rate, limit: least });
  }
  const { p50, p99 } = measured.latency.total;
  return { rate, reached: measured.rate, p50, p99, held: broken.length === 0, broken };
}
