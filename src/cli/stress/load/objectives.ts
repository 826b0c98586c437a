/**
 * Objectives: what a run has to reach.
 *
 *   p50 p90 p99 p99.9 max mean   times of successful calls, from when they were due to their results
 *   run.p99, queue.p99 …         the same of the time in native code, and before it
 *   rate                         successful calls a second
 *   errors                       failed and dropped calls, as a part of all: '<1%', '<=0'
 */
import { UsageError } from '../../console/usage-error.js';
import type { LatencyDigest, LoadMeasurement } from './load-types.js';

export interface Objective {
  /** As it was written. */
  readonly text: string;
  readonly metric: Metric;
  readonly comparison: '<' | '<=' | '>' | '>=';
  /** ms, calls a second, or a part of 1. */
  readonly limit: number;
}

interface Metric {
  readonly of: 'total' | 'run' | 'queue' | 'rate' | 'errors';
  readonly figure: 'p50' | 'p90' | 'p99' | 'p999' | 'max' | 'mean' | null;
}

/** An objective, and what was measured. */
export interface ObjectiveResult {
  readonly objective: string;
  readonly met: boolean;
  /** In the unit of the objective's limit: ms, calls a second, or a part of 1; null when too few calls say it. */
  readonly measured: number | null;
  readonly limit: number;
}

const FORM =
  /^\s*(?:(run|queue|total)\.)?(p50|p90|p99\.9|p99|max|mean|rate|errors)\s*(<=|>=|<|>)\s*([\d.]+(?:e\d+)?)\s*(ns|us|µs|ms|s|%|\/s)?\s*$/;
const MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000 };
const TIMES = ['p50', 'p90', 'p99', 'p99.9', 'max', 'mean'];

/** @throws UsageError */
export function objectiveOf(text: string): Objective {
  const [, part, name = '', comparison, digits = '', unit] = FORM.exec(text) ?? [];
  const value = Number(digits);
  const wrong = (expected: string): UsageError =>
    new UsageError(`--slo '${text}' is not an objective. Expected ${expected}.`);
  if (comparison === undefined || Number.isNaN(value)) {
    throw wrong("METRIC<VALUE, for example 'p99<5ms', 'rate>1000' or 'errors<1%'");
  }
  const limitOf = (): number => {
    if (TIMES.includes(name)) {
      const ms = MS[unit ?? ''];
      if (ms === undefined) throw wrong(`a unit of time, for example '${name}${comparison}${digits}ms'`);
      return value * ms;
    }
    if (part !== undefined) throw wrong(`'${name}' without '${part}.'`);
    if (name === 'errors' && (unit === undefined || unit === '%')) return unit === '%' ? value / 100 : value;
    if (name === 'rate' && (unit === undefined || unit === '/s')) return value;
    throw wrong(`'${name}' without '${unit}'`);
  };
  const limit = limitOf();
  const metric: Metric = TIMES.includes(name)
    ? { of: (part ?? 'total') as Metric['of'], figure: name.replace('.', '') as Metric['figure'] }
    : { of: name as Metric['of'], figure: null };
  return { text, metric, comparison: comparison as Objective['comparison'], limit };
}

/** An objective whose percentile the calls cannot support is not met: nobody knows it. */
export function judge(
  { text, metric, comparison, limit }: Objective,
  measurement: LoadMeasurement,
): ObjectiveResult {
  const measured = measuredOf(metric, measurement);
  return { objective: text, met: measured !== null && holds(measured, comparison, limit), measured, limit };
}

function measuredOf({ of, figure }: Metric, { rate, calls, latency }: LoadMeasurement): number | null {
  if (of === 'rate') return rate;
  if (of === 'errors') return calls.arrivals === 0 ? null : (calls.failed + calls.dropped) / calls.arrivals;
  return figure === null ? null : (latency[of] satisfies LatencyDigest)[figure];
}

function holds(value: number, comparison: Objective['comparison'], limit: number): boolean {
  switch (comparison) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
