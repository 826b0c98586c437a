/**
 * Whether calls on several threads at once give what calls one after the other give.
 *
 *   a C program, for a short time, where there is a compiler ──► a race that it proves: unsafe, and nothing else is tried
 *
 *   one after the other, on changing lanes ──► the same call, the same answer? ─┬─ yes: answers are compared
 *                                                                              ├─ no, but all answers of many calls
 *                                                                              │  together are the same in each fresh
 *                                                                              │  process: these are compared (draws)
 *                                                                              └─ no: not comparable; only crashes and
 *                                                                                 deadlocks are looked for
 *   at once ─┬─ nothing goes wrong ──► the C program again, for longer ──► no race found; undecided when few calls were
 *            │                                                             made
 *            └─ a wrong answer, a crash, a deadlock ──► again, in a fresh process ──► as many calls one after the other
 *                                                                                   ─┬─ fail as well: not comparable
 *                                                                                    └─ do not ──► unsafe
 *
 * Guarantees:
 * - A function is called unsafe only when it failed at once, and as many calls one after the other did not, by a margin
 *   that chance gives once in a thousand runs.
 * - Calls that are identical may be made in any order, so the answers of all of them together are the same for every
 *   function that is right. This holds for the state of a process; a state of each thread shows in the calls on changing
 *   lanes, and makes the function not comparable.
 */
import type { GivenArguments } from '../direct/argument-memory.js';
import type { ThreadSafetyVerdict } from '../verdict-types.js';
import { count, plural } from '../../console/format.js';
import { RacePrograms } from '../reproducer/race-programs.js';
import { findsDraws } from './draws-check.js';
import { type AnswersReport, type Death, HostProcess, diedOf, isDeath } from './host-process.js';
import type { Opening } from './orders.js';
import { type Finding, proven } from './race-proof.js';
import { type ProgramFinding, confirmedByProgram, searchByProgram } from './program-search.js';
import { crashScenario, wrongScenario } from './race-scenario.js';
import { CHANCE, type SafetyCheck, type SafetyRequest, callsOf } from './safety-check.js';

/** Calls at once from which on a check has seen something. */
const ENOUGH_CALLS = 1_000;
const ENOUGH_WRONG = 30;
/** Parts of the time: for a first look by a C program, in each of its ways, and for calls at once in lanes. */
const FIRST_LOOK = 0.1;
const AT_ONCE = 0.45;
/** s of a longer look by a C program, at least. */
const LEAST_SECONDS = 0.5;

export async function checkThreadSafety(request: SafetyRequest): Promise<ThreadSafetyVerdict> {
  const started = performance.now();
  const hosts: HostProcess[] = [];
  const { target, items, sequence, lanes, ignored, compareWith, seed, durationMs, signal } = request;
  const endAll = (): void => {
    for (const host of hosts) host.end();
  };
  const opening: Opening = {
    kind: 'open',
    target,
    items,
    sequence,
    lanes,
    ignored: [...ignored],
    compareWith,
    seed,
  };
  const check: SafetyCheck = {
    request,
    all: Array.from({ length: items.length / sequence }, (_, item) => item),
    programs: new RacePrograms(signal),
    fresh: async () => {
      endAll();
      signal.throwIfAborted();
      const host = await HostProcess.start({ ...opening, seed: seed + hosts.length });
      hosts.push(host);
      return host;
    },
    share: (part) => Math.max(300, part * durationMs),
    left: () => durationMs - (performance.now() - started),
  };
  signal.addEventListener('abort', endAll);
  try {
    const found = await verdictOf(check);
    // What was ended early has found nothing, which says nothing.
    return signal.aborted && found.verdict !== 'unsafe' ? interrupted(check) : found;
  } catch (error) {
    if (signal.aborted) return interrupted(check);
    throw error;
  } finally {
    signal.removeEventListener('abort', endAll);
    endAll();
    await check.programs.remove();
  }
}

async function verdictOf(check: SafetyCheck): Promise<ThreadSafetyVerdict> {
  const { request } = check;
  request.onStep?.('a short look by a C program');
  const early = await searchByProgram(check, 'answers', check.share(FIRST_LOOK) / 1_000);
  if (early !== null) return unsafe(check, early, early.calls);
  request.onStep?.('calls one after the other: is it comparable?');
  const host = await check.fresh();
  const alone = await host.answers({
    ...everyLane(check),
    atOnce: false,
    ms: check.share(0.1),
    enoughWrong: 1,
    enoughCalls: Infinity,
  });
  if (isDeath(alone))
    return notComparable(check, 0, `${diedOf(alone)} also when calls are made one after the other`);
  if (alone.wrong > 0) return await verdictOfDraws(check, alone);
  request.onStep?.('the same calls on all lanes at once');
  const started = performance.now();
  const atOnce = await host.answers({
    ...everyLane(check),
    atOnce: true,
    ms: check.share(AT_ONCE),
    enoughWrong: ENOUGH_WRONG,
    enoughCalls: Infinity,
  });
  const ms = performance.now() - started;
  if (isDeath(atOnce)) return await verdictOfDeath(check, atOnce, ms);
  if (atOnce.wrong > 0) return await verdictOfWrong(check, atOnce, ms);
  request.onStep?.('the same as a C program');
  const found = await longSearch(check, 'answers');
  if (found !== null) return unsafe(check, found, atOnce.calls + found.calls);
  return nothingFound(check, atOnce.calls);
}

/** With what is left of the time. */
function longSearch(check: SafetyCheck, compare: 'answers' | 'draws'): Promise<ProgramFinding | null> {
  const ways = compare === 'answers' ? 2 : 1;
  return searchByProgram(check, compare, Math.max(LEAST_SECONDS, check.left() / ways / 1_000));
}

/** Every lane makes calls of every item. */
function everyLane({ request, all }: SafetyCheck): { readonly threads: readonly (readonly number[])[] } {
  return { threads: Array.from({ length: request.lanes }, () => all) };
}

async function verdictOfWrong(
  check: SafetyCheck,
  atOnce: AnswersReport,
  ms: number,
): Promise<ThreadSafetyVerdict> {
  const { request } = check;
  request.onStep?.('wrong answers: as many calls one after the other, for comparison');
  const host = await check.fresh();
  const control = await host.answers({
    ...everyLane(check),
    atOnce: false,
    // As long as the calls at once took, so that what changes with time changes here, too.
    ms: Math.max(1_000, 1.5 * ms),
    enoughWrong: 1,
    enoughCalls: Infinity,
  });
  if (isDeath(control))
    return notComparable(
      check,
      atOnce.calls,
      `${diedOf(control)} also when calls are made one after the other`,
    );
  if (control.wrong > 0)
    return notComparable(
      check,
      atOnce.calls,
      'its answers also change when calls are made one after the other',
    );
  request.onStep?.('the smallest calls that show it');
  const finding = await wrongScenario(check, atOnce.samples, ms);
  const chance = (atOnce.calls / (atOnce.calls + control.calls)) ** atOnce.wrong;
  if (finding === null || chance > CHANCE) {
    request.onStep?.('too rare in lanes: the same as a C program');
    const found = await confirmedByProgram(check, atOnce.samples);
    if (found !== null) return unsafe(check, found, atOnce.calls + found.calls);
    return {
      ...base(check, atOnce.calls),
      verdict: 'undecided',
      reason: `${count(atOnce.wrong)} of ${plural(atOnce.calls, 'answer')} were wrong when calls ran at once, but this could not be repeated. Run it for longer.`,
      symptom: 'different-result',
    };
  }
  return unsafe(check, await proven(check, finding), atOnce.calls);
}

async function verdictOfDeath(check: SafetyCheck, death: Death, ms: number): Promise<ThreadSafetyVerdict> {
  const { request } = check;
  request.onStep?.(`${diedOf(death)}: as many calls one after the other, for comparison`);
  const host = await check.fresh();
  const control = await host.answers({
    ...everyLane(check),
    atOnce: false,
    ms: Math.max(1_000, 1.5 * ms),
    enoughWrong: Infinity,
    enoughCalls: Infinity,
  });
  if (isDeath(control))
    return notComparable(
      check,
      death.calls,
      `${diedOf(control)} also when calls are made one after the other`,
    );
  request.onStep?.('the smallest calls that show it');
  const finding = await crashScenario(check, death, ms);
  if (finding === null) {
    const found = await longSearch(check, 'answers');
    if (found !== null) return unsafe(check, found, death.calls + found.calls);
    return {
      ...base(check, death.calls),
      verdict: 'undecided',
      reason: `${diedOf(death)} once when calls ran at once, but this could not be repeated. Run it for longer.`,
      symptom: death.kind,
    };
  }
  return unsafe(check, await proven(check, finding), death.calls);
}

async function verdictOfDraws(check: SafetyCheck, alone: AnswersReport): Promise<ThreadSafetyVerdict> {
  const { request } = check;
  request.onStep?.('answers differ from call to call: are they drawn from a state?');
  const early = await searchByProgram(check, 'draws', check.share(FIRST_LOOK) / 1_000);
  if (early !== null) return unsafe(check, early, early.calls);
  const drawn = await findsDraws(check, alone.callMs);
  if (drawn.kind === 'wrong') return unsafe(check, await proven(check, drawn.finding), drawn.calls);
  if (drawn.kind === 'died') return await verdictOfDeath(check, drawn.death, drawn.ms);
  if (drawn.kind === 'right') {
    request.onStep?.('the same as a C program');
    const found = await longSearch(check, 'draws');
    if (found !== null) return unsafe(check, found, drawn.calls + found.calls);
    return nothingFound(check, drawn.calls);
  }
  request.onStep?.('not comparable: looking for crashes and deadlocks only');
  const host = await check.fresh();
  const started = performance.now();
  const atOnce = await host.answers({
    ...everyLane(check),
    atOnce: true,
    ms: check.share(0.3),
    enoughWrong: Infinity,
    enoughCalls: Infinity,
  });
  if (isDeath(atOnce)) return await verdictOfDeath(check, atOnce, performance.now() - started);
  const [sample] = alone.samples;
  const example = sample === undefined ? '' : `: one call gave ${sample.expected} and then ${sample.seen}`;
  return notComparable(
    check,
    atOnce.calls,
    `its answers differ from run to run when calls are made one after the other${example}`,
  );
}

function base({ request }: SafetyCheck, calls: number): Omit<ThreadSafetyVerdict, 'verdict' | 'reason'> {
  const { lanes, sequence } = request;
  return { symptom: null, calls, lanes, sequence, scenario: null, failures: null, reproducer: null };
}

function interrupted(check: SafetyCheck): ThreadSafetyVerdict {
  return {
    ...base(check, 0),
    verdict: 'undecided',
    reason: 'The check was interrupted before it had a verdict.',
  };
}

function notComparable(check: SafetyCheck, calls: number, why: string): ThreadSafetyVerdict {
  return {
    ...base(check, calls),
    verdict: 'not-comparable',
    reason: `The function cannot be judged by its answers: ${why}. No crash and no deadlock was found that comes only with calls at once.`,
  };
}

function nothingFound(check: SafetyCheck, calls: number): ThreadSafetyVerdict {
  const { items, sequence, lanes } = check.request;
  if (calls < ENOUGH_CALLS) {
    return {
      ...base(check, calls),
      verdict: 'undecided',
      reason: `Only ${plural(calls, 'call')} ran at once, which is too few to say anything. Run it for longer.`,
    };
  }
  const same =
    items.length === sequence && (items[0] as GivenArguments).length > 0
      ? ' All calls had the same arguments: others may find more.'
      : '';
  return {
    ...base(check, calls),
    verdict: 'no-race-found',
    reason: `${plural(calls, 'call')} on ${lanes} lanes at once gave what calls one after the other give.${same}`,
  };
}

function unsafe(check: SafetyCheck, finding: Finding, calls: number): ThreadSafetyVerdict {
  return {
    ...base(check, calls),
    verdict: 'unsafe',
    reason: finding.reason,
    symptom: finding.symptom,
    scenario: finding.threads.flat().flatMap((item) => callsOf(check, item)),
    failures: finding.failures,
    reproducer: finding.reproducer,
  };
}
