/** The verdicts of a stress run: what its load has found, and the checks that were asked for. */
import { mkdirSync } from 'node:fs';
import {
  CHECK_MS,
  type VerdictRequest,
  crashVerdict,
  leakVerdict,
  threadSafetyVerdict,
} from './find-verdicts.js';
import type { CrashTrail } from './record/crash-trail.js';
import type { StressPlan } from './stress-plan.js';
import type { Verdicts } from './verdict-types.js';

/** ms after which a call hangs, where the run allows it more. */
const HANG_MS = 5_000;

/** @param calls - made by the load. */
export async function runVerdicts(
  plan: StressPlan,
  trail: CrashTrail,
  calls: number,
  signal: AbortSignal,
  onStep: (step: string) => void,
): Promise<Verdicts> {
  const { options, target, source, seed } = plan;
  const folder = options.programs ?? null;
  if (folder !== null) mkdirSync(folder, { recursive: true });
  const request: VerdictRequest = { target, source, seed, folder, signal, onStep };
  const durationMs = plan.durationMs ?? CHECK_MS;
  const verdicts: { -readonly [Name in keyof Verdicts]: Verdicts[Name] } = {};
  // A crash counts more than a call that did not return.
  const first = trail.crash ?? trail.hang;
  // In a thread, a crash would have been the end of this process.
  if (first !== null && plan.isolation === 'process' && !signal.aborted) {
    const limit = plan.timeoutMs === 0 ? HANG_MS : Math.min(plan.timeoutMs, HANG_MS);
    const found = await crashVerdict(request, {
      item: first.item,
      symptom: first === trail.crash ? 'crash' : 'hang',
      failures: { failed: first.failed, runs: calls },
      timeoutMs: limit,
    });
    // A call that only waited too long hangs no second time.
    if (found !== null) verdicts.crash = found;
  }
  if (options.checkThreadSafety === true && !signal.aborted) {
    verdicts.threadSafety = await threadSafetyVerdict(request, {
      durationMs,
      lanes: options.lanes === undefined ? null : Math.max(2, plan.lanes),
      ignore: options.ignore,
      compareWith: options.compareWith ?? null,
      sequence: plan.sequence,
    });
  }
  if (options.checkLeaks === true && !signal.aborted) verdicts.leak = await leakVerdict(request, durationMs);
  return verdicts;
}
