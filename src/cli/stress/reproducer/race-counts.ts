/** What a program of `raceProgram` says when it ends. */
import { count, plural } from '../../console/format.js';
import type { Ended } from './compile-run.js';

/** The first wrong answer. */
export interface WrongOutcome {
  /** The sequence of calls, as the program numbers them, and the call of it. */
  readonly sequence: number;
  readonly call: number;
  /** A sequence whose answer this would have been; null when it is that of none. */
  readonly answerOf: number | null;
  readonly expected: string;
  readonly seen: string;
}

export interface RaceCounts {
  readonly trials: number;
  readonly rounds: number;
  /** In all rounds of all threads. */
  readonly calls: number;
  /** Answers that were compared: those of calls, or all together those of a trial. */
  readonly compared: number;
  readonly wrong: number;
  readonly crashed: number;
  readonly signal: number;
  readonly deadlocked: number;
  /** Null where none was wrong, or answers were compared all together. */
  readonly first: WrongOutcome | null;
}

const COUNTS =
  /^trials=(\d+) rounds=(\d+) calls=(\d+) compared=(\d+) wrong=(\d+) crashed=(\d+) signal=(\d+) deadlocked=(\d+)$/m;
const FIRST = /^first: thread=\d+ sequence=(\d+) call=(\d+) other=(-?\d+)\nexpected: (.*)\nseen: (.*)$/m;

/** @returns null when the program did not come to its end. */
export function raceCounts({ stdout }: Ended): RaceCounts | null {
  const found = COUNTS.exec(stdout);
  if (found === null) return null;
  const [trials, rounds, calls, compared, wrong, crashed, signal, deadlocked] = found
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number, number];
  return { trials, rounds, calls, compared, wrong, crashed, signal, deadlocked, first: firstOf(stdout) };
}

function firstOf(stdout: string): WrongOutcome | null {
  const [, sequence, call, other, expected = '', seen = ''] = FIRST.exec(stdout) ?? [];
  if (sequence === undefined) return null;
  const answerOf = Number(other) < 0 || other === sequence ? null : Number(other);
  return { sequence: Number(sequence), call: Number(call), answerOf, expected, seen };
}

/** What a program has counted, in words; null when nothing failed. */
export function shownBy(counts: RaceCounts | null): string | null {
  if (counts === null) return null;
  const { trials, calls, compared, wrong, crashed, signal, deadlocked, first } = counts;
  const runs = `of ${plural(trials, 'run')}`;
  const answers =
    first === null
      ? `in ${count(wrong)} of ${plural(compared, 'run')} the answers, all together, were not those of calls one after the other`
      : `${plural(wrong, 'wrong answer')} in ${plural(calls, 'call')}`;
  const parts = [
    ...(wrong > 0 ? [answers] : []),
    ...(crashed > 0 ? [`${count(crashed)} ${runs} ended by signal ${signal}`] : []),
    ...(deadlocked > 0 ? [`${count(deadlocked)} ${runs} deadlocked`] : []),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}
