/** The C program of a finding, and whether it shows it. */
import { count, plural } from '../../console/format.js';
import { prove } from '../reproducer/prove.js';
import { raceCounts, shownBy } from '../reproducer/race-counts.js';
import { raceProgram } from '../reproducer/race-program.js';
import type { Program } from '../reproducer/compile-run.js';
import { patienceFor } from '../reproducer/race-programs.js';
import { isCallable } from '../reproducer/c-call.js';
import type { Reproducer } from '../verdict-types.js';
import { diedOf } from './host-process.js';
import { type SafetyCheck, callsOf } from './safety-check.js';
import type { RaceFinding } from './race-scenario.js';

export interface Finding extends RaceFinding {
  readonly reason: string;
  readonly reproducer: Reproducer | null;
}

/** s that a program runs by itself. */
const SECONDS = 8;
/** Rounds of a process whose answers are compared all together. */
const DRAWN_ROUNDS = 10;

/** How a program looks for a race. */
export interface Manner {
  readonly seconds: number;
  /** By first calls, in as many processes as the time allows. */
  readonly first: boolean;
  /** Trials that hang, after which there are enough. */
  readonly hangs: number;
}

/** The program of a scenario: its calls are numbered anew. */
export function programOf(
  check: SafetyCheck,
  { threads, compare }: Pick<RaceFinding, 'threads' | 'compare'>,
  { first, hangs }: Omit<Manner, 'seconds'>,
  says: string,
): Program {
  const { target, ignored } = check.request;
  const used = [...new Set(threads.flat())];
  const draws = compare === 'draws';
  return raceProgram(
    { library: target.library, description: target.description, ignored },
    {
      sequences: used.map((item) => callsOf(check, item)),
      threads: threads.map((list) => list.map((item) => used.indexOf(item))),
      compare,
      trials: first || draws ? 1_000_000 : 20,
      rounds: first ? 1 : draws ? DRAWN_ROUNDS : 1_000_000,
      hangs,
      seconds: SECONDS,
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
    return `With calls on ${calls} at once, ${diedOf(death)}, in ${count(failures.failed)} of ${plural(failures.runs, 'run')}.`;
  if (sample === null) return `Calls on ${calls} at once give other answers than calls one after the other.`;
  return `With calls on ${calls} at once, ${count(failures.failed)} of ${plural(failures.runs, 'answer')} were wrong, such as ${sample.seen} in place of ${sample.expected}.`;
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
    { first: false, hangs: 2 },
    `${description.symbol} is not thread-safe. ${reason}`,
  );
  const reproducer = await prove(program, (end) => shownBy(raceCounts(end)), {
    folder: request.folder,
    timeoutMs: patienceFor(SECONDS),
    signal: request.signal,
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
    const end = await check.programs.run(programOf(check, pair, { first: false, hangs: 1 }, ''), 2);
    if (end !== null && end.wrong > 0) return pair;
  }
  return finding;
}
