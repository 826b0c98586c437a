/**
 * Functions whose answers depend on the calls before: tickets, counters, generators of numbers. Each call is the same,
 * so that every order of them is right, and all answers together are compared.
 */
import { plural } from '../../console/format.js';
import type { SafetyCheck } from './safety-check.js';
import { type Death, type DrawsReport, isDeath } from './host-process.js';
import type { RaceFinding } from './race-scenario.js';

export type DrawsEnd =
  /** All answers together differ from process to process, or from thread to thread. */
  | { readonly kind: 'not-comparable' }
  | { readonly kind: 'right'; readonly calls: number }
  | {
      readonly kind: 'wrong';
      readonly calls: number;
      readonly finding: RaceFinding & { readonly lost: string };
    }
  | { readonly kind: 'died'; readonly death: Death; readonly ms: number };

/** Processes in which the calls are made at once, at least. */
const LEAST_RUNS = 2;

/** @param callMs how long a call takes. */
export async function findsDraws(check: SafetyCheck, callMs: number): Promise<DrawsEnd> {
  const draw = async (spread: 'one' | 'turns' | 'at-once', calls: number): Promise<DrawsReport | Death> => {
    const host = await check.fresh();
    return await host.draws({ item: 0, calls, ms: check.share(0.08), spread, callMs });
  };
  const one = await draw('one', 0);
  if (isDeath(one)) return { kind: 'not-comparable' };
  const turns = await draw('turns', one.calls);
  if (isDeath(turns) || turns.digest !== one.digest) return { kind: 'not-comparable' };
  let [calls, wrong, runs] = [0, 0, 0];
  let last: DrawsReport = one;
  while (runs < LEAST_RUNS || (check.left() > check.share(0.4) && wrong < LEAST_RUNS)) {
    const started = performance.now();
    const atOnce = await draw('at-once', one.calls);
    if (isDeath(atOnce)) return { kind: 'died', death: atOnce, ms: performance.now() - started };
    runs += 1;
    calls += atOnce.calls;
    if (atOnce.digest === one.digest) continue;
    wrong += 1;
    last = atOnce;
  }
  if (wrong === 0) return { kind: 'right', calls };
  const again = await draw('turns', one.calls);
  if (isDeath(again) || again.digest !== one.digest) return { kind: 'not-comparable' };
  const lost =
    one.repeated === null && last.repeated !== null
      ? `answers were given more than once, such as ${last.repeated}, which calls one after the other never do`
      : `the answers of ${plural(one.calls, 'call')} are others than those of calls one after the other`;
  return {
    kind: 'wrong',
    calls,
    finding: {
      symptom: 'different-result',
      compare: 'draws',
      threads: [[0], [0]],
      failures: { failed: wrong, runs },
      sample: null,
      death: null,
      lost,
    },
  };
}
