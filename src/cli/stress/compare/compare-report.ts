/**
 * A load against a saved one. A figure is worse when its whole interval is beyond the tolerance: the interval says what
 * the seconds of both runs differ by, the tolerance what two runs may differ by for other reasons.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../console/usage-error.js';
import { mean, ratioInterval } from '../statistics/bootstrap.js';
import type { StressReport } from '../stress-report.js';
import type { TimelinePoint } from '../load/load-types.js';
import type { Interval } from '../verdict-types.js';

export interface ComparisonReport {
  /** The saved report. */
  readonly file: string;
  /** When it was made. */
  readonly startedAt: string;
  readonly tolerance: number;
  readonly regressed: boolean;
  readonly figures: readonly ComparedFigure[];
  /** What differs between the two runs beside the library: machine, Node.js, engine. */
  readonly differences: readonly string[];
}

export interface ComparedFigure {
  readonly figure: 'rate' | 'p50' | 'p99' | 'errors';
  readonly before: number;
  readonly after: number;
  /** The new one by the saved one; null for errors, and without two intervals of the time line in both runs. */
  readonly ratio: number | null;
  readonly interval: Interval | null;
  /** `worse` and `better` are beyond noise and tolerance; `undecided`: too little was measured. */
  readonly verdict: 'worse' | 'same' | 'better' | 'undecided';
}

/** Points of each time line, at least. */
const LEAST_POINTS = 3;
/** Failed calls, as a part of all, that may be more than before. */
const MORE_ERRORS = 0.001;

/** @throws UsageError when the file is no report with a load. */
export function readReport(path: string): StressReport {
  let report: Partial<StressReport> | null;
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Partial<StressReport> | null;
  } catch (error) {
    throw new UsageError(`The file of --compare cannot be read: ${(error as Error).message}`);
  }
  if (report?.version !== 1 || report.load === undefined || report.target === undefined) {
    throw new UsageError(
      `${path} is not a report of a load. Make one with 'offthread stress … --save ${path}'.`,
    );
  }
  return report as StressReport;
}

/** @throws UsageError when the two runs did not do the same. */
export function requireComparable(path: string, saved: StressReport, current: ComparedRun): void {
  const differ = (what: string, before: unknown, after: unknown): void => {
    if (isDeepStrictEqual(before, after)) return;
    throw new UsageError(
      `${path} was measured with other ${what}: ${JSON.stringify(before)}, and not ${JSON.stringify(after)}. Measure the same.`,
    );
  };
  differ('functions', saved.target.symbol, current.symbol);
  differ('arguments', saved.target.arguments, current.arguments);
  differ('lanes', [saved.load?.lanes, saved.target.isolation], [current.lanes, current.isolation]);
  differ('loads', saved.load?.model, current.model);
}

/** What has to be the same. */
export interface ComparedRun {
  readonly symbol: string;
  readonly arguments: readonly string[];
  readonly lanes: number;
  readonly isolation: string;
  readonly model: unknown;
}

export function compareReports(
  path: string,
  saved: StressReport,
  current: StressReport,
  tolerance: number,
): ComparisonReport {
  const figures = (['rate', 'p50', 'p99'] as const).flatMap((figure) =>
    compared(figure, saved, current, tolerance),
  );
  const [before, after] = [errors(saved), errors(current)];
  const verdict = after > before + MORE_ERRORS ? 'worse' : after < before - MORE_ERRORS ? 'better' : 'same';
  figures.push({ figure: 'errors', before, after, ratio: null, interval: null, verdict });
  return {
    file: path,
    startedAt: saved.run.startedAt,
    tolerance,
    regressed: figures.some((one) => one.verdict === 'worse'),
    figures,
    differences: differencesOf(saved, current),
  };
}

type Timed = 'rate' | 'p50' | 'p99';

function compared(
  figure: Timed,
  saved: StressReport,
  current: StressReport,
  tolerance: number,
): ComparedFigure[] {
  const [before, after] = [valueOf(figure, saved), valueOf(figure, current)];
  if (before === null || after === null) return [];
  const [old, now] = [series(figure, saved), series(figure, current)];
  if (old.length < LEAST_POINTS || now.length < LEAST_POINTS) {
    return [{ figure, before, after, ratio: null, interval: null, verdict: 'undecided' }];
  }
  const [low, high] = ratioInterval(now, old, current.run.seed);
  const more = low > 1 + tolerance;
  const less = high < 1 - tolerance;
  const worse = figure === 'rate' ? less : more;
  const verdict = worse ? 'worse' : more || less ? 'better' : 'same';
  return [{ figure, before, after, ratio: mean(now) / mean(old), interval: [low, high], verdict }];
}

function valueOf(figure: Timed, { load }: StressReport): number | null {
  if (load === undefined) return null;
  return figure === 'rate' ? load.rate : load.latency.total[figure];
}

/** The figure in each second. */
function series(figure: Timed, { load }: StressReport): readonly number[] {
  const points: readonly TimelinePoint[] = load?.timeline ?? [];
  return points.flatMap((point) => {
    const value = point[figure];
    return value === null || value === 0 ? [] : [value];
  });
}

function errors({ load }: StressReport): number {
  if (load === undefined || load.calls.arrivals === 0) return 0;
  return (load.calls.failed + load.calls.dropped) / load.calls.arrivals;
}

function differencesOf(saved: StressReport, current: StressReport): string[] {
  const told: [string, unknown, unknown][] = [
    ['CPU', saved.machine.cpu, current.machine.cpu],
    ['cores', saved.machine.cores, current.machine.cores],
    ['system', saved.machine.release, current.machine.release],
    ['Node.js', saved.machine.node, current.machine.node],
    ['offthread', saved.run.offthread, current.run.offthread],
    ['engine', saved.target.engine, current.target.engine],
  ];
  return told.flatMap(([what, before, after]) =>
    before === after ? [] : [`${what}: ${String(before)}, now ${String(after)}`],
  );
}
