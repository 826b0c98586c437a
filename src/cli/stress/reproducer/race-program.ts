/**
 * A C program that makes calls one after the other, and then the same calls in several threads at once, and compares.
 *
 *   for each trial, a process of its own: what crashes or hangs there is counted, and the next trial begins anew
 *     for each round: the threads meet at a barrier, wait for a random time, and make their calls, several times
 *
 * What the calls have to answer comes from a process in which they run one after the other.
 */
import {
  type CalledFunction,
  KEEP_TEXT,
  callFunction,
  functionType,
  opening,
  outcomeType,
  showOutcome,
} from './c-call.js';
import type { GivenArguments } from '../direct/argument-memory.js';
import { inComment } from './c-literals.js';
import { type Program, compileCommand } from './compile-run.js';
import { BODY, HEAD, TOUCH, WRONG } from './race-source.js';

/** What the threads of a program do. */
export interface RaceScenario {
  /** Calls that belong together, in order, by their arguments: of each sequence, as many. */
  readonly sequences: readonly (readonly GivenArguments[])[];
  /** For each thread the sequences that it makes in a round, in this order. */
  readonly threads: readonly (readonly number[])[];
  /**
   * `answers`: each sequence has to give what it gives alone. `draws`: the calls of all threads together have to give
   * what as many calls give one after the other, in any order.
   */
  readonly compare: 'answers' | 'draws';
  /** Processes, one after the other. More than one finds what only first calls do. */
  readonly trials: number;
  /** Rounds of a trial. */
  readonly rounds: number;
  /** Trials that hang, after which there are enough. */
  readonly hangs: number;
  /** s after which no trial is begun, and the last one ends; the first argument of the program is another number. */
  readonly seconds: number;
}

/** How often the threads make their calls in a round: nothing but the calls is between two of them. */
const AGAIN = 5_000;
/** The same for draws. */
const DRAWN_AGAIN = 20_000;
/** Wrong rounds after which a program stops: there are enough. */
const ENOUGH = 30;
/** s for which the threads in calls sleep, without a call that ends, before a trial counts as a deadlock. */
export const HANG_S = 2;

export function raceProgram(called: CalledFunction, scenario: RaceScenario, says: string): Program {
  const { symbol } = called.description;
  const { sequences, threads, compare, trials, rounds, hangs, seconds } = scenario;
  const length = sequences[0]?.length ?? 1;
  const draws = compare === 'draws';
  const first = rounds === 1;
  const perRound = threads.reduce((sum, list) => sum + list.length, 0);
  // First calls are made once, and trials end after them.
  const again = draws ? DRAWN_AGAIN : first ? 1 : AGAIN;
  const name = `${symbol}-race`;
  const defines = {
    THREADS: threads.length,
    TRIALS: trials,
    ROUNDS: rounds,
    SECONDS: seconds,
    AGAIN: again,
    DRAWS: draws ? 1 : 0,
    // First calls differ more from each other in when they begin.
    WAITS: first ? 10 : 8,
    SEQUENCES: sequences.length,
    SEQUENCE: length,
    // Of a thread in a round, on average.
    CALLS: `${perRound * length} / THREADS`,
    ENOUGH: draws ? 5 : ENOUGH,
    HANGS: hangs,
    HANG_S,
  };
  const parts = draws
    ? drawing(threads, { perRound, length })
    : comparing(threads, { sequences: sequences.length, length });
  const words: Record<string, string> = {
    ...parts,
    'TOUCH_PAGES;': first ? TOUCH : '',
    'TOUCH;': first ? 'dl_iterate_phdr(touch, NULL);' : '',
  };
  const body = BODY.replace(
    /HELPERS;|ROUND;|EXPECT;|TRIAL_END;|TOUCH_PAGES;|TOUCH;|SUMMARY/g,
    (word) => words[word] as string,
  );
  return {
    name,
    source: `/*
 * ${inComment(says)}
 *
 *   ${compileCommand({ name }).join(' ')} && ./${name}
 *
 * With -DLOCKED, a lock keeps the calls apart. It runs for ${seconds} s, or as many as its first argument says.
 */
${HEAD}
${Object.entries(defines)
  .map(([key, value]) => `#define ${key} ${value}`)
  .join('\n')}

${functionType(called)}

${outcomeType(called, sequences.flat())}

${KEEP_TEXT}

${opening(called)}
${draws ? '' : `\n${showOutcome(called, sequences.flat())}\n`}
${sequences
  .flat()
  .map((given, at) => callFunction(called, `call_${at}`, given))
  .join('\n\n')}

${body}`,
  };
}

/** The calls of a sequence, one after the other. */
function madeCalls(sequence: number, length: number, answer: string, indent: string): string {
  const calls = Array.from({ length }, (_, at) => `call_${sequence * length + at}(&${answer}calls[${at}]);`);
  return calls.join(`\n${indent}`);
}

/** Each thread compares each answer with what the same calls answer alone. */
function comparing(
  threads: readonly (readonly number[])[],
  { sequences, length }: { readonly sequences: number; readonly length: number },
): Record<string, string> {
  const cases = threads.map((list, thread) => {
    const made = list.map(
      (sequence) => `      ${madeCalls(sequence, length, 'answer.', '      ')}
      if (memcmp(&answer, &all->expected[${sequence}], sizeof answer) != 0) wrong(thread, ${sequence}, &answer);`,
    );
    return `    case ${thread}:\n${made.join('\n')}\n      break;`;
  });
  return {
    'HELPERS;': WRONG,
    'ROUND;': `switch (thread) {
${cases.join('\n')}
    }`,
    'EXPECT;': Array.from({ length: sequences }, (_, sequence) =>
      madeCalls(sequence, length, `all->expected[${sequence}].`, '    '),
    ).join('\n    '),
    'TRIAL_END;': '',
    SUMMARY: 'if (all->wrong > 0) tell();',
  };
}

/** All answers together are compared, as sums. */
function drawing(
  threads: readonly (readonly number[])[],
  { perRound, length }: { readonly perRound: number; readonly length: number },
): Record<string, string> {
  const made = (sequence: number): string =>
    `${madeCalls(sequence, length, 'answer.', '      ')}\n      add(&sums, &answer);`;
  const cases = threads.map(
    (list, thread) => `    case ${thread}:\n      ${list.map(made).join('\n      ')}\n      break;`,
  );
  return {
    'HELPERS;': '',
    'ROUND;': `switch (thread) {
${cases.join('\n')}
    }`,
    'EXPECT;': `static struct answer answer;
    for (long i = 0; i < ${perRound}L * AGAIN * ROUNDS; i++) {
      ${madeCalls(0, length, 'answer.', '      ')}
      add(&all->expected_sums, &answer);
    }`,
    'TRIAL_END;': `struct sums sums = {0, 0};
      for (int i = 0; i < THREADS; i++) sums.first += all->sums[i].first, sums.second += all->sums[i].second;
      if (!all->stop && ++all->compared && memcmp(&sums, &all->expected_sums, sizeof sums) != 0) all->wrong++;`,
    SUMMARY:
      'if (wrong > 0) puts("wrong: trials whose answers, all together, are not those of calls one after the other");',
  };
}
