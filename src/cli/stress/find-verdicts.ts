/** The verdicts of `offthread stress`: the checks that were asked for, and the crash that a run has found. */
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Target } from '../target/target-options.js';
import { indexOf } from '../target/target-options.js';
import type { ArgumentSource } from './arguments/argument-source.js';
import { smallestCrash } from './crash/smallest-crash.js';
import type { GivenArguments } from './direct/argument-memory.js';
import { checkLeaks } from './leaks/check-leaks.js';
import { checkThreadSafety } from './safety/check-thread-safety.js';
import { argumentJson } from '../target/argument-json.js';
import type { CrashVerdict, LeakVerdict, ThreadSafetyVerdict } from './verdict-types.js';

/** What all verdicts need. */
export interface VerdictRequest {
  readonly target: Target;
  readonly source: ArgumentSource;
  readonly seed: number;
  /** Folder for the C programs of findings; null: they are not written. */
  readonly folder: string | null;
  /** Ends a check early. */
  readonly signal: AbortSignal;
  /** Told what is being done. */
  readonly onStep?: (step: string) => void;
}

/** Different lists of arguments that a check calls the function with. */
const ITEMS = 64;
/** Calls before the one that crashed which are tried with it. */
const BEFORE = 500;
/** ms that a check takes, unless the user says how long. */
export const CHECK_MS = 10_000;

/** @param together how many calls belong together. */
function itemsOf({ fixed, values }: ArgumentSource, together = 1): GivenArguments[] {
  const items = fixed ? together : Math.max(1, Math.floor(ITEMS / together)) * together;
  return Array.from({ length: items }, (_, item) => values(item));
}

/**
 * Whether the function may be called on several threads at once.
 * @param durationMs about how long it takes, besides what a finding takes to be made smaller.
 * @param lanes threads at once; null for twice the cores.
 * @param ignore names of parameters that answers are compared without; `return` is the returned value.
 * @param compareWith file of a module whose default export says whether two answers are the same.
 * @param sequence how many calls, one behind the other, belong together.
 */
export async function threadSafetyVerdict(
  { target, source, seed, folder, signal, onStep }: VerdictRequest,
  {
    durationMs,
    lanes,
    ignore,
    compareWith,
    sequence,
  }: {
    readonly durationMs: number;
    readonly lanes: number | null;
    readonly ignore: readonly string[];
    readonly compareWith: string | null;
    readonly sequence: number;
  },
): Promise<ThreadSafetyVerdict> {
  const ignored = ignore.map((name) =>
    name === 'return' ? -1 : indexOf(target.description, name, '--ignore'),
  );
  const verdict = await checkThreadSafety({
    target,
    items: itemsOf(source, sequence),
    sequence,
    ignored: new Set(ignored),
    compareWith: compareWith === null ? null : pathToFileURL(compareWith).href,
    lanes: lanes ?? Math.max(4, 2 * availableParallelism()),
    durationMs,
    seed,
    signal,
    folder,
    ...(onStep !== undefined && { onStep }),
  });
  return { ...verdict, scenario: verdict.scenario?.map((given) => given.map(argumentJson)) ?? null };
}

/** Whether the function leaks memory. */
export function leakVerdict(
  { target, source, signal, onStep }: VerdictRequest,
  durationMs: number,
): Promise<LeakVerdict> {
  const items = itemsOf(source);
  return checkLeaks({ target, items, durationMs, signal, ...(onStep !== undefined && { onStep }) });
}

/**
 * The smallest input that still crashes or hangs the function.
 * @param item the item of a run that did.
 * @returns null when a call that timed out in the run does not hang when it is made alone.
 */
export async function crashVerdict(
  { target, source, folder, signal, onStep }: VerdictRequest,
  {
    item,
    symptom,
    failures,
    timeoutMs,
  }: {
    readonly item: number;
    readonly symptom: CrashVerdict['symptom'];
    readonly failures: CrashVerdict['failures'];
    readonly timeoutMs: number;
  },
): Promise<CrashVerdict | null> {
  const first = Math.max(0, item - BEFORE);
  const verdict = await smallestCrash({
    target,
    calls: Array.from({ length: item - first + 1 }, (_, at) => source.values(first + at)),
    failures,
    symptom,
    timeoutMs,
    budgetMs: 2 * CHECK_MS,
    signal,
    folder,
    ...(onStep !== undefined && { onStep }),
  });
  if (verdict === null) return null;
  return { ...verdict, input: verdict.input.map(argumentJson) };
}
