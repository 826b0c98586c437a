/** The load of a run, in a pool of its own: with what the pool itself takes of a call, and the search for the limit. */
import { ArgumentError, LaneCrashedError, type Pool, createPool } from 'offthread';
import { laneOutput } from '../../target/lane-output.js';
import { openTarget } from '../../target/open-target.js';
import type { StressPlan } from '../stress-plan.js';
import type { LoadReport, NoOpReport } from '../stress-report.js';
import { type LimitReport, type LimitStep, findLimit } from './find-limit.js';
import { HistogramLog } from '../record/hlog.js';
import type { LoadMeasurement, LoadModel, LoadPlan, TimelinePoint } from './load-types.js';
import { type LoadHooks, measureLoad } from './measure-load.js';
import { NO_OP, openNoOp } from './no-op.js';

/** What a load tells while it goes on. */
export interface LoadEvents {
  /** The pool that is measured; undefined once it is not any more. */
  onPool(pool: Pool | undefined): void;
  /** @param part - of the measured time, 0 to 1; undefined where a number of calls ends it. */
  onTick(point: TimelinePoint, part: number | undefined): void;
  /** A call failed; its arguments are those of the item. */
  onFailure(error: unknown, item: number): void;
  onStep(step: LimitStep): void;
}

export interface LoadOutcome {
  readonly engine: string;
  /** Calls of the function, those of warm-ups and of the search included. */
  readonly made: number;
  readonly load?: LoadReport;
  readonly limit?: LimitReport;
}

/** Measures a load on the function. */
type Measure = (load: LoadPlan, hooks: LoadHooks) => Promise<LoadMeasurement>;

const NO_OP_MS = 2_000;
/** Time before a short measurement that is not counted. */
const LEAD_MS = 300;
const STEP_MS = 2_000;
const LONGEST_STEP_MS = 60_000;
/** Part of the rate of full lanes with which the search for the limit begins. */
const FIRST_RATE = 1 / 4;
/** Calls that the farthest percentile of an objective needs, with some to spare; see `supports`. */
const CALLS_FOR = { p50: 22, p90: 110, p99: 1_100, p999: 11_000, mean: 20, max: 20 } as const;

/** @throws what `pool.open` throws, an ArgumentError of the first call, and errors of the file of `--hlog`. */
export async function runLoad(plan: StressPlan, stop: AbortSignal, told: LoadEvents): Promise<LoadOutcome> {
  const pool = poolFor(plan);
  const limit = new CrashLimit(plan.maxCrashes, stop);
  const { signal } = limit;
  const events: LoadEvents = {
    ...told,
    onFailure: (error, item) => {
      told.onFailure(error, item);
      limit.count(error);
    },
  };
  try {
    events.onPool(pool);
    const { fn, engine } = await openTarget(pool, plan.target);
    // Arguments that do not fit would fail every call.
    const first = await fn(...plan.source.values(0)).settled();
    if (first.error instanceof ArgumentError) throw first.error;
    let made = 0;
    const measure: Measure = async (load, hooks) => {
      const measured = await measureLoad(fn, plan.source, load, signal, hooks);
      made += measured.made;
      return measured.measurement;
    };
    const load = plan.measuresLoad ? await fullLoad(plan, pool, measure, signal, events) : undefined;
    const found =
      plan.options.findLimit === true && !signal.aborted
        ? await searchLimit(plan, measure, signal, events)
        : undefined;
    return {
      engine,
      made,
      ...(load !== undefined && {
        load: { ...load, ...(limit.reached && { endedByCrashes: plan.maxCrashes }) },
      }),
      ...(found !== undefined && { limit: found }),
    };
  } finally {
    events.onPool(undefined);
    await pool.destroy();
  }
}

/**
 * Ends a load when so many of its calls have crashed: each costs a process, so that a load in which most calls do would
 * take hours for what the first ones have shown.
 */
class CrashLimit {
  /** Ends the load: by this limit, or by the user. */
  readonly signal: AbortSignal;
  readonly #most: number;
  readonly #end = new AbortController();
  #crashed = 0;

  constructor(most: number, stop: AbortSignal) {
    this.#most = most;
    this.signal = AbortSignal.any([stop, this.#end.signal]);
  }

  get reached(): boolean {
    return this.#crashed >= this.#most;
  }

  count(error: unknown): void {
    if (!(error instanceof LaneCrashedError)) return;
    this.#crashed += 1;
    if (this.reached) this.#end.abort();
  }
}

function poolFor({ lanes, isolation, load: { model }, timeoutMs, options }: StressPlan): Pool {
  const limited = options.findLimit === true ? Number(options.maxInFlight) : 0;
  return createPool({
    lanes,
    isolation,
    name: 'stress',
    maxQueue: Math.max(limited, model.kind === 'open' ? model.maxInFlight : model.concurrency),
    timeout: timeoutMs,
    // A library that crashes is what this is for: the run goes on to its end.
    maxDeaths: Infinity,
    ...laneOutput(isolation, 'capture'),
  });
}

async function fullLoad(
  plan: StressPlan,
  pool: Pool,
  measure: Measure,
  signal: AbortSignal,
  events: LoadEvents,
): Promise<LoadReport> {
  const { hlog, baseline } = plan.options;
  const log = hlog === undefined ? null : new HistogramLog(hlog, new Date());
  const measurement = await measure(plan.load, {
    onTick: (point, total) => {
      log?.write(total, point.atMs, point.ms);
      events.onTick(
        point,
        plan.load.count === Infinity ? Math.min(1, point.atMs / plan.load.durationMs) : undefined,
      );
    },
    onFailure: events.onFailure,
  });
  await log?.close();
  const noOp = baseline && !signal.aborted ? await measureNoOp(plan, pool, signal) : null;
  return { ...measurement, lanes: plan.lanes, ...(noOp !== null && { noOp }) };
}

async function measureNoOp(plan: StressPlan, pool: Pool, signal: AbortSignal): Promise<NoOpReport | null> {
  const nothing = await openNoOp(pool, plan.target);
  if (nothing === null) return null;
  const { model } = plan.load;
  const durationMs = Math.min(NO_OP_MS, plan.load.durationMs);
  const load = short(plan, model.kind === 'open' ? { ...model, from: model.to } : model, durationMs);
  const { measurement } = await measureLoad(nothing, plan.source, load, signal);
  const { total, queue, run } = measurement.latency;
  return { symbol: NO_OP, rate: measurement.rate, total, queue, run };
}

function short({ load }: StressPlan, model: LoadModel, durationMs: number): LoadPlan {
  return { ...load, model, durationMs, warmupMs: LEAD_MS, count: Infinity };
}

async function searchLimit(
  plan: StressPlan,
  measureIn: Measure,
  signal: AbortSignal,
  events: LoadEvents,
): Promise<LimitReport> {
  const measure = (model: LoadModel, ms: number): Promise<LoadMeasurement> =>
    measureIn(short(plan, model, ms), { onFailure: events.onFailure });
  const maxInFlight = Number(plan.options.maxInFlight);
  const full = { kind: 'closed', concurrency: 2 * plan.lanes } as const;
  const start = plan.limitFrom ?? Math.max(1, (await measure(full, STEP_MS)).rate * FIRST_RATE);
  const calls = Math.max(
    0,
    ...plan.objectives.map(({ metric }) => (metric.figure === null ? 0 : CALLS_FOR[metric.figure])),
  );
  const step = (rate: number): Promise<LoadMeasurement> => {
    const ms = Math.max(plan.durationMs ?? STEP_MS, (calls / rate) * 1_000);
    const model = {
      kind: 'open',
      from: rate,
      to: rate,
      arrivals: plan.options.arrivals,
      maxInFlight,
    } as const;
    return measure(model, Math.min(ms, LONGEST_STEP_MS));
  };
  return findLimit(start, plan.objectives, step, signal, events.onStep);
}
