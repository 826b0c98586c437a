/**
 * Looks for a race by a C program, where the machine has a compiler: between its calls is even less than between those of
 * lanes, and it makes first calls in thousands of fresh processes, which finds what only initialisation does.
 *
 *   many calls on several threads ──► something fails ──► the same with a lock around the calls, for longer: nothing fails
 *                                                         ──► two threads with a call each ──► a finding, with its proof
 *
 * Guarantees:
 * - What also happens with the lock is no finding: then the function cannot be compared, whatever calls at once do.
 * - A finding has failed in two processes at least, so often that chance gives it once in a thousand runs.
 */
import { count, plural } from '../../console/format.js';
import { isCallable } from '../reproducer/c-call.js';
import { keptProgram } from '../reproducer/prove.js';
import { type RaceCounts, shownBy } from '../reproducer/race-counts.js';
import { HANG_S } from '../reproducer/race-program.js';
import type { WrongAnswer } from './orders.js';
import { type Finding, type Manner, programOf } from './race-proof.js';
import type { RaceFinding } from './race-scenario.js';
import { CHANCE, type SafetyCheck } from './safety-check.js';

type Scenario = Pick<RaceFinding, 'threads' | 'compare'>;

/** Sequences of calls that a program has, at most. */
const MOST_ITEMS = 8;
const THREADS = 4;
/** s that the calls with a lock take at least. */
const CONTROL_SECONDS = 0.7;
/** s of a program with two calls, at most: of one whose race is frequent, and of one whose race is rare. */
const PAIR_SECONDS = 1;
const RARE_SECONDS = 8;
/** Wrong answers from which on a race is frequent. */
const FREQUENT = 10;
/** Pairs of calls that are tried. */
const MOST_PAIRS = 6;

export interface ProgramFinding extends Finding {
  /** Calls that ran at once. */
  readonly calls: number;
}

/**
 * @param seconds for each way of looking.
 * @returns null when nothing was found.
 */
export async function searchByProgram(
  check: SafetyCheck,
  compare: 'answers' | 'draws',
  seconds: number,
): Promise<ProgramFinding | null> {
  if (!mayTry(check)) return null;
  const items = compare === 'draws' ? [0] : check.all.slice(0, MOST_ITEMS);
  const wide = Array.from({ length: Math.min(THREADS, check.request.lanes) }, (_, thread) =>
    rotated(items, thread),
  );
  const steady = await tried(check, { threads: wide, compare }, { seconds, first: false, hangs: 1 });
  if (steady !== null || compare === 'draws') return steady;
  const pair = items.length === 1 ? [[0], [0]] : [[items[0] as number], [items[1] as number]];
  return await tried(check, { threads: pair, compare }, { seconds, first: true, hangs: 1 });
}

/** Looks for the wrong answers that lanes have given, and not given again. @returns null when it does not find them. */
export async function confirmedByProgram(
  check: SafetyCheck,
  samples: readonly WrongAnswer[],
): Promise<ProgramFinding | null> {
  if (!mayTry(check)) return null;
  for (const { item, answerOf } of samples.slice(0, 3)) {
    const scenario = { threads: [[item], [answerOf ?? item]], compare: 'answers' } as const;
    const found = await tried(check, scenario, { seconds: 2 * PAIR_SECONDS, first: false, hangs: 1 });
    if (found !== null) return found;
  }
  return null;
}

function mayTry({ request }: SafetyCheck): boolean {
  return isCallable(request.target.description) && request.compareWith === null;
}

function rotated(items: readonly number[], by: number): number[] {
  return items.map((_, at) => items[(at + by) % items.length] as number);
}

async function tried(check: SafetyCheck, scenario: Scenario, how: Manner): Promise<ProgramFinding | null> {
  const started = performance.now();
  const program = programOf(check, scenario, how, '');
  const counts = await check.programs.run(program, how.seconds);
  if (counts === null || shownBy(counts) === null) return null;
  const took = (performance.now() - started) / 1_000 - counts.deadlocked * HANG_S;
  // The same threads, with a lock around their calls: what fails then does not come from calls at once.
  const control = await check.programs.run(program, Math.max(CONTROL_SECONDS, took), {
    flags: ['-DLOCKED'],
    least: 4 * counts.rounds,
  });
  if (control === null || shownBy(control) !== null) return null;
  for (const threads of smaller(scenario, counts)) {
    const found = await proof(check, { ...scenario, threads }, how, { counts, control });
    if (found !== null) return found;
  }
  return null;
}

/** Two threads with one sequence each, those first that a wrong answer points at; and all that failed. */
function smaller({ threads }: Scenario, { first }: RaceCounts): (readonly (readonly number[])[])[] {
  const items = [...new Set(threads.flat())];
  if (threads.flat().length <= 2) return [threads];
  const pairs = new Map<string, readonly (readonly number[])[]>();
  const add = (one: number | undefined, other: number | undefined): void => {
    if (one !== undefined && other !== undefined) {
      pairs.set(`${Math.min(one, other)},${Math.max(one, other)}`, [[one], [other]]);
    }
  };
  if (first !== null) {
    const item = items[first.sequence];
    if (first.answerOf !== null) add(item, items[first.answerOf]);
    for (const other of items.slice(0, 3)) if (other !== item) add(item, other);
    add(item, item);
  }
  const [one, ...others] = items;
  for (const other of others.slice(0, 3)) add(one, other);
  for (const same of items.slice(0, 2)) add(same, same);
  return [...[...pairs.values()].slice(0, MOST_PAIRS), threads];
}

/** Compiles and runs the program of a scenario: if it fails as well, that is the proof. */
async function proof(
  check: SafetyCheck,
  scenario: Scenario,
  how: Manner,
  { counts, control }: { readonly counts: RaceCounts; readonly control: RaceCounts },
): Promise<ProgramFinding | null> {
  const { request } = check;
  const { symbol } = request.target.description;
  const threads = plural(scenario.threads.length, 'thread');
  const at = `${how.first ? 'first calls' : 'calls'} on ${threads} at once`;
  const rare = counts.crashed + counts.deadlocked === 0 && counts.wrong < FREQUENT;
  const seconds = Math.max(rare ? RARE_SECONDS : PAIR_SECONDS, how.seconds);
  const says = `${symbol} is not thread-safe: this shows it, with ${at}.`;
  const program = programOf(check, scenario, { ...how, hangs: 2 }, says);
  const shown = await check.programs.run(program, seconds);
  const shows = shownBy(shown);
  if (shown === null || shows === null) return null;
  if (chanceOf([counts, shown], control) > CHANCE) return null;
  const kept = await keptProgram(program, request.folder);
  return {
    ...scenario,
    symptom: symptomOf(shown),
    failures: failuresOf(shown),
    sample: null,
    death: null,
    reason: `With ${at}, in a C program: ${shows}${sampleOf(shown)}. With a lock around the calls, none in ${count(control.calls)} calls.`,
    reproducer: { ...kept, proof: 'shown', why: shows },
    calls: counts.calls + shown.calls,
  };
}

function sampleOf({ first }: RaceCounts): string {
  return first === null ? '' : `, such as ${first.seen} in place of ${first.expected}`;
}

/** How probable it is that what failed would have failed with the lock as well, and did not by chance. */
function chanceOf(failed: readonly RaceCounts[], control: RaceCounts): number {
  const sum = (of: (one: RaceCounts) => number): number => failed.reduce((all, one) => all + of(one), 0);
  const compared = sum((one) => one.compared);
  return (compared / (compared + control.compared)) ** sum((one) => one.wrong + one.crashed + one.deadlocked);
}

function symptomOf({ crashed, deadlocked }: RaceCounts): RaceFinding['symptom'] {
  if (crashed > 0) return 'crash';
  return deadlocked > 0 ? 'deadlock' : 'different-result';
}

function failuresOf(counts: RaceCounts): RaceFinding['failures'] {
  const { trials, compared, wrong, crashed, deadlocked } = counts;
  if (crashed + deadlocked > 0) return { failed: crashed + deadlocked, runs: trials };
  return { failed: wrong, runs: compared };
}
