/** Options of `parallel` and `race`. */
import { type Deadline, deadlineOption } from './call-options.js';
import { abortSignal, countOrInfinity, duration, flag, known } from './checks.js';

/** Options of `parallel`. */
export interface ParallelOptions {
  /** Starts that run at once: 1 to 2^31, or Infinity (default). What runs already takes no place. */
  readonly concurrency?: number;
  /** Stops it at once: what runs is cancelled, and nothing more is started. */
  readonly signal?: AbortSignal;
  /** ms over all of it, or a point in time. 0, or a point that has passed: nothing is started. */
  readonly deadline?: number | Date;
  /** Whether a failure is a record beside the results, and stops nothing. Default false. */
  readonly settle?: boolean;
}

/** Options of `race`. */
export interface RaceOptions {
  /** Stops it at once: what runs is cancelled, and nothing more is started. */
  readonly signal?: AbortSignal;
  /** ms over the whole race, or a point in time. 0, or a point that has passed: nothing is started. */
  readonly deadline?: number | Date;
  /** ms from each start to the next, which is made at once when one before it has failed. Infinity: only then. Default 0: all at once. */
  readonly stagger?: number;
}

/** Options of `parallel`, checked. */
export interface ParallelSettings {
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline;
  readonly settle: boolean;
}

/** Options of `race`, checked. */
export interface RaceSettings {
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline;
  readonly stagger: number;
}

const PARALLEL = ['concurrency', 'signal', 'deadline', 'settle'] as const satisfies (keyof ParallelOptions)[];
const RACE = ['signal', 'deadline', 'stagger'] as const satisfies (keyof RaceOptions)[];

/** @throws ArgumentError naming the option. */
export function parallelSettings(options: ParallelOptions | undefined): ParallelSettings {
  const given = known('parallel option', options, PARALLEL);
  return Object.freeze({
    concurrency: countOrInfinity('concurrency', given['concurrency'], 2 ** 31, Infinity),
    signal: abortSignal(given['signal']),
    deadline: deadlineOption(given['deadline']),
    settle: flag('settle', given['settle'], false),
  });
}

/** @throws ArgumentError naming the option. */
export function raceSettings(options: RaceOptions | undefined): RaceSettings {
  const given = known('race option', options, RACE);
  return Object.freeze({
    signal: abortSignal(given['signal']),
    deadline: deadlineOption(given['deadline']),
    stagger: duration('stagger', given['stagger'], 0),
  });
}
