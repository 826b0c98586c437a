/**
 * Looks for a race by a C program, where the lanes have found none and the machine has a compiler: between its calls is
 * even less, and it makes first calls in thousands of fresh processes, which finds what only initialisation does.
 */
import { isCallable } from '../reproducer/c-call.js';
import type { RaceCounts } from '../reproducer/prove.js';
import { prove, raceCounts } from '../reproducer/prove.js';
import type { SafetyCheck } from './safety-check.js';
import { type Finding, countsOf, programOf, shownBy } from './race-proof.js';
import type { WrongAnswer } from './orders.js';
import type { RaceFinding } from './race-scenario.js';

/** Items that a program calls, at most. */
const MOST_ITEMS = 8;
const THREADS = 4;
/** s of a search at least. */
const LEAST_SECONDS = 1;

/** @returns null when nothing was found. */
export async function searchByProgram(
  check: SafetyCheck,
  compare: 'answers' | 'draws',
): Promise<Finding | null> {
  const { request, all } = check;
  if (!isCallable(request.target.description) || request.compareWith !== null) return null;
  const items = compare === 'draws' ? [0] : all.slice(0, MOST_ITEMS);
  const wide = Array.from({ length: Math.min(THREADS, request.lanes) }, (_, thread) =>
    rotated(items, thread),
  );
  const pair = items.length === 1 ? [[0], [0]] : [[items[0] as number], [items[1] as number]];
  const seconds = Math.max(LEAST_SECONDS, check.left() / 3_000);
  const steady = await tried(check, { threads: wide, compare }, { seconds, first: false });
  if (steady !== null || compare === 'draws') return steady;
  return await tried(check, { threads: pair, compare }, { seconds, first: true });
}

/** Looks for the wrong answers that lanes have given, and not given again. @returns null when it does not find them. */
export async function confirmedByProgram(
  check: SafetyCheck,
  samples: readonly WrongAnswer[],
): Promise<Finding | null> {
  if (!isCallable(check.request.target.description) || check.request.compareWith !== null) return null;
  for (const { item, answerOf } of samples.slice(0, 3)) {
    const scenario = { threads: [[item], [answerOf ?? item]], compare: 'answers' } as const;
    const found = await tried(check, scenario, { seconds: 2 * LEAST_SECONDS, first: false });
    if (found !== null) return found;
  }
  return null;
}

function rotated(items: readonly number[], by: number): number[] {
  return items.map((_, at) => items[(at + by) % items.length] as number);
}

async function tried(
  check: SafetyCheck,
  scenario: Pick<RaceFinding, 'threads' | 'compare'>,
  how: { readonly seconds: number; readonly first: boolean },
): Promise<Finding | null> {
  const { request } = check;
  const { symbol } = request.target.description;
  const program = (says: string) => programOf(check, scenario, how, says);
  const counts = await countsOf(program(''), how.seconds);
  if (counts === null || shownBy(counts) === null) return null;
  // The same threads, with a lock around their calls: what fails then does not come from calls at once.
  const locked = await countsOf(program(''), Math.max(how.seconds, 2), ['-DLOCKED']);
  if (locked === null || shownBy(locked) !== null || locked.rounds < counts.rounds / 4) return null;
  const smaller = await smallest(check, scenario, how);
  const reason = `${how.first ? 'With first calls' : 'With calls'} on ${smaller.threads.length} threads at once, in a C program: ${shownBy(counts)}; none with a lock around the calls.`;
  const final = programOf(check, smaller, how, `${symbol} is not thread-safe. ${reason}`);
  const reproducer = await prove(final, (end) => shownBy(raceCounts(end)), {
    folder: request.folder,
    timeoutMs: (4 * how.seconds + 20) * 1_000,
  });
  if (reproducer.proof !== 'shown') return null;
  return {
    ...smaller,
    symptom: symptomOf(counts),
    failures: failuresOf(counts),
    sample: null,
    death: null,
    reason,
    reproducer,
  };
}

/** Two threads with one call each, where these show it. */
async function smallest(
  check: SafetyCheck,
  scenario: Pick<RaceFinding, 'threads' | 'compare'>,
  how: { readonly seconds: number; readonly first: boolean },
): Promise<Pick<RaceFinding, 'threads' | 'compare'>> {
  if (scenario.threads.flat().length <= 2) return scenario;
  const items = [...new Set(scenario.threads.flat())].slice(0, 3);
  for (const one of items) {
    for (const other of items) {
      const threads = [[one], [other]];
      const counts = await countsOf(
        programOf(check, { ...scenario, threads }, { ...how, seconds: Math.min(1, how.seconds) }, ''),
        1,
      );
      if (counts !== null && shownBy(counts) !== null) return { ...scenario, threads };
    }
  }
  return scenario;
}

function symptomOf({ crashed, deadlocked }: RaceCounts): RaceFinding['symptom'] {
  if (crashed > 0) return 'crash';
  return deadlocked > 0 ? 'deadlock' : 'different-result';
}

function failuresOf({ trials, rounds, wrong, crashed, deadlocked }: RaceCounts): RaceFinding['failures'] {
  if (crashed + deadlocked > 0) return { failed: crashed + deadlocked, runs: trials };
  return { failed: wrong, runs: rounds };
}
