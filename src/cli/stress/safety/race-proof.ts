/** The C program of a finding, and whether it shows it. */
import { compile } from '../reproducer/compile-run.js';
import { type RaceCounts, prove, raceCounts } from '../reproducer/prove.js';
import { type RaceScenario, raceProgram } from '../reproducer/race-program.js';
import type { Program } from '../reproducer/compile-run.js';
import { isCallable } from '../reproducer/c-call.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import type { Reproducer } from '../verdict-types.js';
import { diedOf } from './host-process.js';
import type { SafetyCheck } from './safety-check.js';
import type { RaceFinding } from './race-scenario.js';

export interface Finding extends RaceFinding {
  readonly reason: string;
  readonly reproducer: Reproducer | null;
}

/** s that the program of a finding runs at most. */
const SECONDS = 8;
/** Rounds of a process whose answers are compared all together. */
const DRAWN_ROUNDS = 10;

/** The program of a scenario: its calls are numbered anew. */
export function programOf(
  { request }: SafetyCheck,
  { threads, compare }: Pick<RaceFinding, 'threads' | 'compare'>,
  how: Pick<RaceScenario, 'seconds'> & { readonly first: boolean },
  says: string,
): Program {
  const { target, ignored, items } = request;
  const used = [...new Set(threads.flat())];
  const draws = compare === 'draws';
  return raceProgram(
    { library: target.library, description: target.description, ignored },
    {
      calls: used.map((item) => items[item] as GivenArguments),
      threads: threads.map((list) => list.map((item) => used.indexOf(item))),
      compare,
      trials: how.first || draws ? 1_000_000 : 20,
      rounds: how.first ? 1 : draws ? DRAWN_ROUNDS : 1_000_000,
      seconds: how.seconds,
    },
    says,
  );
}

/** In words, what a finding of the lanes is. */
function reasonOf(finding: RaceFinding & { readonly lost?: string }): string {
  const { sample, death, failures, lost, threads } = finding;
  const calls = `${threads.length} threads`;
  if (lost !== undefined) return `With calls on several lanes at once, ${lost}.`;
  if (death !== null)
    return `With calls on ${calls} at once, ${diedOf(death)}, in ${failures.failed} of ${failures.runs} runs.`;
  if (sample === null) return `Calls on ${calls} at once give other answers than calls one after the other.`;
  return `With calls on ${calls} at once, ${failures.failed} of ${failures.runs} answers were wrong, such as ${sample.seen} in place of ${sample.expected}.`;
}

/** Adds to a finding its program, and the proof. */
export async function proven(check: SafetyCheck, finding: RaceFinding): Promise<Finding> {
  const { request } = check;
  const { description } = request.target;
  if (!isCallable(description)) return { ...finding, reason: reasonOf(finding), reproducer: null };
  request.onStep?.('a C program that shows it');
  const smaller = await smallerByProgram(check, finding);
  const reason = reasonOf(smaller);
  const program = programOf(
    check,
    smaller,
    { seconds: SECONDS, first: false },
    `${description.symbol} is not thread-safe. ${reason}`,
  );
  const reproducer = await prove(program, (end) => shownBy(raceCounts(end)), {
    folder: request.folder,
    timeoutMs: (4 * SECONDS + 20) * 1_000,
  });
  return { ...smaller, reason, reproducer };
}

/** Where lanes have shown it only with many calls, a program may show it with the two that a wrong answer points at. */
async function smallerByProgram(check: SafetyCheck, finding: RaceFinding): Promise<RaceFinding> {
  const { threads, sample } = finding;
  if (sample === null || threads.flat().length <= 2) return finding;
  const { item, answerOf } = sample;
  for (const other of new Set([answerOf ?? item, item, ...check.all.slice(0, 2)])) {
    const pair = { ...finding, threads: [[item], [other]] };
    const counts = await countsOf(programOf(check, pair, { seconds: 2, first: false }, ''), 2);
    if (counts !== null && counts.wrong > 0) return pair;
  }
  return finding;
}

/** What a program has counted, in words; null when nothing failed. */
export function shownBy(counts: RaceCounts | null): string | null {
  if (counts === null) return null;
  const { trials, rounds, wrong, crashed, signal, deadlocked } = counts;
  const parts = [
    ...(wrong > 0 ? [`${wrong} wrong answers in ${rounds} rounds`] : []),
    ...(crashed > 0 ? [`${crashed} of ${trials} runs ended by signal ${signal}`] : []),
    ...(deadlocked > 0 ? [`${deadlocked} of ${trials} runs were deadlocked`] : []),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

/** Runs a program; null where there is no compiler, or it did not come to its end. */
export async function countsOf(
  program: Program,
  seconds: number,
  flags: readonly string[] = [],
): Promise<RaceCounts | null> {
  const compiled = await compile(program, flags);
  if (compiled === null || typeof compiled === 'string') return null;
  try {
    return raceCounts(await compiled.run((4 * seconds + 20) * 1_000));
  } finally {
    await compiled.remove();
  }
}
