/** Measures one load on one function. */
import type { Histogram } from 'hdr-histogram-js';
import type { AnyFunction } from '../../target/open-target.js';
import type { ArgumentSource } from '../arguments/argument-source.js';
import { arrivalsOf } from './arrivals.js';
import { runClosed } from './closed-load.js';
import { Issuer } from './issuer.js';
import type { LoadMeasurement, LoadPlan, TimelinePoint } from './load-types.js';
import { runOpen } from './open-load.js';
import { Pacer } from './pacer.js';
import { Recorder } from '../record/recorder.js';

const INTERVAL_MS = 1_000;

/** What a run tells while it goes on. */
export interface LoadHooks {
  /** An interval of the measured time has ended; `total` counts its times in ns, and is used again afterwards. */
  onTick?(point: TimelinePoint, total: Histogram): void;
  /** A call failed, in the warm-up or later. Its arguments are those of the item. */
  onFailure?(error: unknown, item: number): void;
}

/** A load, measured. */
export interface MeasuredLoad {
  readonly measurement: LoadMeasurement;
  /** Number of the first item that it did not use. */
  readonly nextItem: number;
  /** Calls that were made, in the warm-up, too. */
  readonly made: number;
}

/**
 * Resolves when every call has ended.
 *
 * @param firstItem - number of the first call.
 * @param signal - ends the run early: no further calls are made, and those in flight are waited for.
 */
export async function measureLoad(
  fn: AnyFunction,
  source: ArgumentSource,
  plan: LoadPlan,
  signal: AbortSignal,
  hooks: LoadHooks = {},
  firstItem = 0,
): Promise<MeasuredLoad> {
  const { model, warmupMs, durationMs, count, seed } = plan;
  const recorder = new Recorder(plan);
  const onFailure = (error: unknown, item: number): void => hooks.onFailure?.(error, item);
  const issuer = new Issuer(fn, source, recorder, firstItem, onFailure);
  const pacer = model.kind === 'open' ? await Pacer.start() : null;
  const startAt = performance.now();
  recorder.measure(startAt + warmupMs, startAt + warmupMs + durationMs);
  const { timeline } = recorder;
  const tick = (now: number): void => {
    const atMs = Math.min(now, recorder.to) - recorder.from;
    // What is left of an interval at the end may be too short to say anything.
    if (atMs - timeline.lastMs < 1) return;
    timeline.close(atMs, issuer.inFlight, (point) => hooks.onTick?.(point, timeline.latencies.histogram));
  };
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - recorder.from - timeline.lastMs >= INTERVAL_MS / 2) tick(now);
  }, INTERVAL_MS);
  const cut = (): void => recorder.cut(performance.now());
  signal.addEventListener('abort', cut, { once: true });
  try {
    if (signal.aborted) cut();
    if (model.kind === 'closed') await runClosed(issuer, recorder, model.concurrency, signal);
    else if (pacer !== null) {
      const arrivals = arrivalsOf(model, warmupMs, durationMs, seed);
      await runOpen(issuer, recorder, arrivals, startAt, model.maxInFlight, pacer);
    }
    if (recorder.enough && Number.isFinite(count)) cut();
    tick(performance.now());
  } finally {
    signal.removeEventListener('abort', cut);
    clearInterval(timer);
    await pacer?.close();
  }
  return { measurement: recorder.measurement(signal.aborted), nextItem: issuer.nextItem, made: issuer.made };
}
