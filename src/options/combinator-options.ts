/** Options of `parallel` and `race`. */
import { type Deadline, deadlineOption } from './call-options.js';
import { abortSignal, countOrInfinity, duration, flag, known } from './checks.js';

/** Options of `parallel`. */
export interface ParallelOptions {
  /**
   * Maximum number of starts that run at once: 1 to 2^31, or Infinity (default). Promises that already run do not
   * count.
   */
  readonly concurrency?: number;
  /** Aborting it cancels everything that runs and prevents further starts; `parallel` rejects at once. */
  readonly signal?: AbortSignal;
  /** Time limit for the whole operation: ms, or a point in time. With 0, or a point in the past, nothing is started. */
  readonly deadline?: number | Date;
  /** Whether a failure is recorded among the results and stops nothing. Default false. */
  readonly settle?: boolean;
}

/** Options of `race`. */
export interface RaceOptions {
  /** Aborting it cancels everything that runs and prevents further starts; `race` rejects at once. */
  readonly signal?: AbortSignal;
  /** Time limit for the whole race: ms, or a point in time. With 0, or a point in the past, nothing is started. */
  readonly deadline?: number | Date;
  /**
   * ms from each start to the next. A failure triggers the next start at once. With Infinity, only a failure does.
   * Default 0: all start at once.
   */
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
