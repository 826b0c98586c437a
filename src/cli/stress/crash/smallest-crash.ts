/**
 * From a call that crashed or hung in a run to the smallest that does, with a C program that shows it.
 *
 *   the call alone, in a fresh process ─┬─ fails: its arguments are made smaller
 *                                       └─ does not: the calls before it in its lane are needed; fewer of them are tried
 */
import type { Target } from '../../target/target-options.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import { type CalledFunction, isCallable } from '../reproducer/c-call.js';
import type { Ended } from '../reproducer/compile-run.js';
import { crashProgram } from '../reproducer/crash-program.js';
import { prove } from '../reproducer/prove.js';
import type { CrashVerdict, Reproducer } from '../verdict-types.js';
import { type Failure, Prober, isSame } from './prober.js';
import { smallestArguments } from './smaller-input.js';
import { shorter } from './smaller-values.js';

export interface CrashRequest {
  readonly target: Target;
  /** Calls of the run up to the one that failed, oldest first. At least that one. */
  readonly calls: readonly GivenArguments[];
  /** How many calls of the run failed like that, of how many. */
  readonly failures: CrashVerdict['failures'];
  readonly symptom: CrashVerdict['symptom'];
  /** ms after which a call hangs. */
  readonly timeoutMs: number;
  readonly budgetMs: number;
  /** Ends the search for a smaller input early. */
  readonly signal: AbortSignal;
  /** Where the C program is written; null for nowhere. */
  readonly folder: string | null;
  readonly onStep?: (step: string) => void;
}

/** ms for the C program of a crash; one that hangs says so after 10 s. */
const PROGRAM_MS = 15_000;

/** @returns null when a call that timed out does not hang. */
export async function smallestCrash(request: CrashRequest): Promise<CrashVerdict | null> {
  const { target, calls, budgetMs, symptom, failures, signal, onStep } = request;
  const prober = new Prober(target, request.timeoutMs);
  const until = performance.now() + budgetMs;
  const failed = calls.at(-1) as GivenArguments;
  try {
    onStep?.('the input that crashes or hangs it, again');
    for (const needed of [[failed], calls]) {
      const failure = await prober.probe(needed, true);
      if (failure?.symptom !== symptom) continue;
      onStep?.('the smallest input that still does it');
      const search = new Search(prober, failure, () => signal.aborted || performance.now() > until);
      const smallest = await smallestCalls(target, needed, search);
      onStep?.('a C program that shows it');
      const reproducer = await proof(request, failure, smallest);
      const input = smallest.at(-1) as GivenArguments;
      return { ...search.last, input, failures, reproducer };
    }
  } finally {
    await prober.close();
  }
  // A call that timed out may only have waited for a core.
  if (symptom === 'hang') return null;
  return { input: failed, symptom, signal: null, exitCode: null, stderr: '', failures, reproducer: null };
}

/** Tries calls, for the failure that was seen first. */
class Search {
  readonly done: () => boolean;
  /** The failure of the smallest calls so far. */
  last: Failure;
  readonly #prober: Prober;

  constructor(prober: Prober, failure: Failure, done: () => boolean) {
    this.#prober = prober;
    this.last = failure;
    this.done = done;
  }

  async fails(calls: readonly GivenArguments[], fresh: boolean): Promise<boolean> {
    const seen = await this.#prober.probe(calls, fresh);
    if (!isSame(this.last, seen)) return false;
    this.last = seen as Failure;
    return true;
  }
}

async function smallestCalls(
  { description }: Target,
  calls: readonly GivenArguments[],
  search: Search,
): Promise<readonly GivenArguments[]> {
  const { done } = search;
  const failed = calls.at(-1) as GivenArguments;
  if (calls.length === 1) {
    // Calls that do not fail share a lane. Whether the smallest arguments fail by themselves is seen in a fresh one.
    const smaller = await smallestArguments(
      description,
      failed,
      (given) => search.fails([given], false),
      done,
    );
    if (await search.fails([smaller], true)) return [smaller];
    return [await smallestArguments(description, failed, (given) => search.fails([given], true), done)];
  }
  let before = calls.slice(0, -1);
  for (let found = true; found; ) {
    found = false;
    for (const fewer of shorter(before)) {
      if (done()) break;
      if (!(await search.fails([...fewer, failed], true))) continue;
      before = fewer;
      found = true;
      break;
    }
  }
  const smallest = [...before, failed];
  for (const [at, own] of smallest.entries()) {
    const withOther = (given: GivenArguments): GivenArguments[] => smallest.with(at, given);
    smallest[at] = await smallestArguments(
      description,
      own,
      (given) => search.fails(withOther(given), true),
      done,
    );
  }
  return smallest;
}

async function proof(
  { target, folder, signal }: CrashRequest,
  failure: Failure,
  calls: readonly GivenArguments[],
): Promise<Reproducer | null> {
  const { description, library } = target;
  if (!isCallable(description)) return null;
  const called: CalledFunction = { library, description, ignored: new Set() };
  const times = calls.length === 1 ? 'this call' : `the last of these ${calls.length} calls`;
  const how =
    failure.symptom === 'hang'
      ? 'does not return'
      : `ends the process (${failure.signal ?? `exit code ${failure.exitCode}`})`;
  const program = crashProgram(called, calls, `${description.symbol}: ${times} ${how}.`);
  return prove(program, (end) => shownBy(end, failure), { folder, timeoutMs: PROGRAM_MS, signal });
}

/** Exit code of a program whose calls hang. */
const HUNG = 3;

function shownBy({ code, signal, late }: Ended, failure: Failure): string | null {
  if (failure.symptom === 'hang') return late || code === HUNG ? 'its calls do not return' : null;
  if (failure.signal !== null) return signal === failure.signal ? `it is ended by ${signal}` : null;
  return code === failure.exitCode ? `it exits with code ${code}` : null;
}
