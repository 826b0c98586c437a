/** Makes a finding smaller: two threads, and for each of them one call, where these show it. */
import type { SafetyCheck } from './safety-check.js';
import { type AnswersReport, type Death, isDeath } from './host-process.js';
import type { WrongAnswer } from './orders.js';

/** What goes wrong, and how few calls it takes. */
export interface RaceFinding {
  readonly symptom: 'different-result' | 'crash' | 'deadlock';
  readonly compare: 'answers' | 'draws';
  /** For each thread the items that it calls. */
  readonly threads: readonly (readonly number[])[];
  readonly failures: { readonly failed: number; readonly runs: number };
  /** A wrong answer; null for the other symptoms. */
  readonly sample: WrongAnswer | null;
  readonly death: Death | null;
}

/** ms of one try of a scenario. */
const TRY_MS = 800;
const TRIES = 8;
/** Processes in which a crash or a deadlock is repeated. */
const RUNS = 3;

/** @returns null when it does not happen again. */
export async function wrongScenario(
  check: SafetyCheck,
  samples: readonly WrongAnswer[],
  ms: number,
): Promise<RaceFinding | null> {
  let host = await check.fresh();
  const attempt = async (
    threads: readonly (readonly number[])[],
    forMs: number,
  ): Promise<RaceFinding | null> => {
    const end = await host.answers({
      threads,
      atOnce: true,
      ms: forMs,
      enoughWrong: 10,
      enoughCalls: Infinity,
    });
    if (isDeath(end)) {
      host = await check.fresh();
      return {
        symptom: end.kind,
        compare: 'answers',
        threads,
        failures: { failed: 1, runs: 1 },
        sample: null,
        death: end,
      };
    }
    return end.wrong === 0 ? null : wrongFinding(threads, end);
  };
  // Where it is rare, a try takes as long as the first wrong answers took.
  const forMs = Math.max(TRY_MS, 2 * ms);
  for (const threads of pairs(check, samples).slice(0, TRIES)) {
    const found = await attempt(threads, forMs > 2_000 ? TRY_MS : forMs);
    if (found !== null) return found;
  }
  return (
    (await attempt([check.all, check.all], forMs)) ??
    attempt(
      Array.from({ length: check.request.lanes }, () => check.all),
      forMs,
    )
  );
}

function wrongFinding(
  threads: readonly (readonly number[])[],
  { wrong, calls, samples }: AnswersReport,
): RaceFinding {
  const failures = { failed: wrong, runs: calls };
  return {
    symptom: 'different-result',
    compare: 'answers',
    threads,
    failures,
    sample: samples[0] ?? null,
    death: null,
  };
}

/** Two threads with one call each, those first that a wrong answer points at. */
function pairs({ all }: SafetyCheck, samples: readonly WrongAnswer[]): (readonly (readonly number[])[])[] {
  const found = new Map<string, readonly (readonly number[])[]>();
  const add = (one: number, other: number): void => {
    const key = [one, other].sort((a, b) => a - b).join();
    if (!found.has(key)) found.set(key, [[one], [other]]);
  };
  for (const { item, answerOf } of samples) if (answerOf !== null && answerOf !== item) add(item, answerOf);
  for (const { item } of samples.slice(0, 2)) {
    add(item, item);
    for (const other of all.slice(0, 3)) add(item, other);
  }
  for (const one of all.slice(0, 3)) for (const other of all.slice(0, 3)) add(one, other);
  return [...found.values()];
}

/** @returns null when it does not happen again. */
export async function crashScenario(
  check: SafetyCheck,
  death: Death,
  ms: number,
): Promise<RaceFinding | null> {
  const attempt = async (threads: readonly (readonly number[])[], forMs: number): Promise<Death | null> => {
    const host = await check.fresh();
    const end = await host.answers({
      threads,
      atOnce: true,
      ms: forMs,
      enoughWrong: Infinity,
      enoughCalls: Infinity,
    });
    return isDeath(end) && end.kind === death.kind ? end : null;
  };
  const { all, request } = check;
  const whole = Array.from({ length: request.lanes }, () => all);
  // Where it is rare, it takes as long as the first time.
  const forMs = Math.max(TRY_MS, 2 * ms);
  for (const threads of [...pairs(check, []).slice(0, TRIES), [all, all], whole]) {
    const first = await attempt(threads, threads === whole ? forMs : TRY_MS);
    if (first === null) continue;
    let failed = 1;
    for (let run = 1; run < RUNS; run += 1) if ((await attempt(threads, forMs)) !== null) failed += 1;
    return {
      symptom: death.kind,
      compare: 'answers',
      threads,
      failures: { failed, runs: RUNS },
      sample: null,
      death: first,
    };
  }
  return null;
}
