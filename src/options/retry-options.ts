/** Options of `retry`, and which errors are worth another attempt. */
import { Math } from '../builtins.js';
import { type ErrorKind, RaceError, isOwn } from '../errors.js';
import { type Deadline, deadlineOption } from './call-options.js';
import { attemptsOption } from './attempts.js';
import { LONGEST_MS, abortSignal, copyOf, duration, flag, known, refuse } from './checks.js';

/**
 * Which errors `retry` tries again: those of offthread of these kinds, and no others; or a function that gets the error
 * and the number of the attempt that failed, from 1, and answers whether there is to be another one.
 */
export type RetryRule =
  | readonly ErrorKind[]
  | ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>);

/** Options of `retry`. Times are in ms. */
export interface RetryOptions {
  /** Attempts in all, the first included: 1 to 1,000,000, or Infinity. Default 3. */
  readonly attempts?: number;
  /** Wait before the second attempt. Default 100. */
  readonly delay?: number;
  /** Each further wait is that many times the one before; at least 1. Default 2. */
  readonly factor?: number;
  /** The longest wait. Default 30,000. */
  readonly maxDelay?: number;
  /** Whether each wait is a random share, 50 to 100 %, of what it would be, so that those who failed together do not come back together. Default true. */
  readonly jitter?: boolean;
  /**
   * Which errors are tried again. Default: errors that are not offthread's, and of offthread's those of the kinds
   * `timeout`, `queue-full`, `native`, `host-function`, `crash`, `lost` and `crash-loop`, `OFFTHREAD_ENGINE_BUSY`, and a
   * lost race with such an error among its own.
   */
  readonly when?: RetryRule;
  /** Stops it at once: the attempt that runs is cancelled, and none follows. */
  readonly signal?: AbortSignal;
  /** ms over all of it, waits included, or a point in time. 0, or a point that has passed: nothing is started. */
  readonly deadline?: number | Date;
}

/** Options of `retry`, checked. */
export interface RetrySettings {
  readonly attempts: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: boolean;
  /** Its answer is a user's: anything, or a promise of it. */
  readonly when: (error: unknown, attempt: number) => unknown;
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline;
}

/** Whether what failed in that way may go well the next time, with nothing changed. */
const MAY_GO_WELL: Readonly<Record<ErrorKind, boolean>> = {
  timeout: true,
  'queue-full': true,
  native: true,
  'host-function': true,
  crash: true,
  lost: true,
  'crash-loop': true,
  // Its errors decide.
  race: true,
  items: false,
  // The caller asked for this ending.
  cancelled: false,
  closed: false,
  'channel-closed': false,
  // The program must be corrected.
  argument: false,
  declaration: false,
  library: false,
  symbol: false,
  engine: false,
  stream: false,
  deadlock: false,
  'lane-start': false,
  listener: false,
};

/** Every kind of error. */
export const ERROR_KINDS: readonly string[] = Object.keys(MAY_GO_WELL);

/** Codes that differ from their kind. */
const BY_CODE: ReadonlyMap<string, boolean> = new Map([['OFFTHREAD_ENGINE_BUSY', true]]);

const OPTIONS = [
  'attempts',
  'delay',
  'factor',
  'maxDelay',
  'jitter',
  'when',
  'signal',
  'deadline',
] as const satisfies (keyof RetryOptions)[];

/** The default rule. */
export function mayGoWell(error: unknown): boolean {
  if (!isOwn(error)) return true;
  if (error instanceof RaceError) return error.errors.some(mayGoWell);
  return BY_CODE.get(error.code) ?? MAY_GO_WELL[error.kind];
}

/** @throws ArgumentError naming the option. */
export function retrySettings(options: RetryOptions | undefined): RetrySettings {
  const given = known('retry option', options, OPTIONS);
  return Object.freeze({
    attempts: attemptsOption('attempts', given['attempts'], 3),
    delay: duration('delay', given['delay'], 100),
    factor: factorOption(given['factor']),
    // No timer waits longer.
    maxDelay: Math.min(duration('maxDelay', given['maxDelay'], 30_000), LONGEST_MS),
    jitter: flag('jitter', given['jitter'], true),
    when: ruleOption(given['when']),
    signal: abortSignal(given['signal']),
    deadline: deadlineOption(given['deadline']),
  });
}

function factorOption(value: unknown): number {
  if (value === undefined) return 2;
  if (typeof value !== 'number' || !(value >= 1 && value < Infinity)) {
    refuse('factor', value, 'a finite number of at least 1');
  }
  return value;
}

function ruleOption(value: unknown): RetrySettings['when'] {
  if (value === undefined) return mayGoWell;
  if (typeof value === 'function') return value as RetrySettings['when'];
  const kinds = copyOf(value);
  if (kinds === null) refuse('when', value, 'a function, or a list of error kinds');
  const wrong = kinds.findIndex((kind) => typeof kind !== 'string' || !Object.hasOwn(MAY_GO_WELL, kind));
  if (wrong >= 0) refuse(`when[${wrong}]`, kinds[wrong], `one of ${ERROR_KINDS.join(', ')}`);
  return (error) => isOwn(error) && kinds.includes(error.kind);
}
