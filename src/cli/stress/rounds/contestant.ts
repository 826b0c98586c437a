/** A function in a pool of its own, measured a slice of time at once. */
import { type Pool, createPool } from 'offthread';
import { laneOutput } from '../../target/lane-output.js';
import { type AnyFunction, openTarget } from '../../target/open-target.js';
import type { Target } from '../../target/target-options.js';
import type { ArgumentSource } from '../arguments/argument-source.js';
import { measureLoad } from '../load/measure-load.js';
import { type BusyCores, busyCores, cpuTimes, pidsOf } from './cpu-time.js';

export interface ContestantPlan {
  readonly target: Target;
  readonly source: ArgumentSource;
  readonly isolation: 'process' | 'thread';
  readonly lanes: number;
  readonly timeoutMs: number;
  readonly seed: number;
}

/** What was measured in one slice of time. */
export interface Slice {
  /** Calls a second. */
  readonly rate: number;
  /** Mean and median time in native code, in ms; null when too few calls succeeded. */
  readonly runMs: number | null;
  readonly runP50: number | null;
  readonly failed: number;
  readonly busy: BusyCores;
}

export interface Contestant {
  readonly lanes: number;
  readonly pool: Pool;
  readonly fn: AnyFunction;
  readonly engine: string;
  /** Measures for so many ms, with more calls in flight than lanes: no lane waits for the host. */
  measure(ms: number, signal: AbortSignal): Promise<Slice>;
}

/** Calls in flight for each lane. */
const PER_LANE = 3;
/** Part of a slice before it counts. */
const LEAD = 0.1;

/** Opens the function; the caller destroys the pool. @throws what `pool.open` throws. */
export async function openContestant(plan: ContestantPlan): Promise<Contestant> {
  const { target, source, isolation, lanes, timeoutMs, seed } = plan;
  const concurrency = PER_LANE * lanes;
  const pool = createPool({
    lanes,
    isolation,
    name: 'stress',
    maxQueue: concurrency,
    timeout: timeoutMs,
    maxDeaths: Infinity,
    spares: 0,
    ...laneOutput(isolation, 'capture'),
  });
  try {
    const { fn, engine } = await openTarget(pool, target);
    const pids = isolation === 'process' ? await pidsOf(pool) : [];
    let item = 0;
    const measure = async (ms: number, signal: AbortSignal): Promise<Slice> => {
      const model = { kind: 'closed', concurrency } as const;
      const load = { model, warmupMs: ms * LEAD, durationMs: ms, count: Infinity, seed };
      const before = cpuTimes(pids);
      const { measurement, nextItem } = await measureLoad(fn, source, load, signal, {}, item);
      item = nextItem;
      const { run } = measurement.latency;
      return {
        rate: measurement.rate,
        runMs: run.mean,
        runP50: run.p50,
        failed: measurement.calls.failed,
        busy: busyCores(before, cpuTimes(pids)),
      };
    };
    return { lanes, pool, fn, engine, measure };
  } catch (error) {
    await pool.destroy();
    throw error;
  }
}
