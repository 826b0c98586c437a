/** Options of `retry`, and the rule for which errors are retried. */
import { Math } from '../builtins.js';
import { type ErrorKind, RaceError, isOwn } from '../errors.js';
import { type Deadline, deadlineOption } from './call-options.js';
import { attemptsOption } from './attempts.js';
import { LONGEST_MS, abortSignal, copyOf, duration, flag, known, refuse } from './checks.js';

/**
 * Which errors `retry` retries: a list of kinds selects offthread's errors of these kinds; a function receives the
 * error and the number of the failed attempt, from 1, and returns whether to retry.
 */
export type RetryRule =
  | readonly ErrorKind[]
  | ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>);

/** Options of `retry`. Times are in ms. */
export interface RetryOptions {
  /** Maximum number of attempts, including the first: 1 to 1,000,000, or Infinity. Default 3. */
  readonly attempts?: number;
  /** Wait before the second attempt, in ms. Default 100. */
  readonly delay?: number;
  /** Factor by which each further wait grows; at least 1. Default 2. */
  readonly factor?: number;
  /** The longest wait, in ms. Default 30,000. */
  readonly maxDelay?: number;
  /**
   * Whether each wait is shortened at random, to between 50 and 100 %, so that operations which failed at the same time
   * are not retried at the same time. Default true.
   */
  readonly jitter?: boolean;
  /**
   * Which errors are retried. Default: errors that are not offthread's; offthread's errors of the kinds `timeout`,
   * `queue-full`, `native`, `host-function`, `crash`, `lost` and `crash-loop`, or with the code
   * `OFFTHREAD_ENGINE_BUSY`; and a RaceError if one of its `errors` is such an error.
   */
  readonly when?: RetryRule;
  /** Aborting it cancels the current attempt and prevents further attempts; `retry` rejects at once. */
  readonly signal?: AbortSignal;
  /**
   * Time limit for all attempts and waits together, in ms, or a point in time. With 0, or a point in the past, nothing
   * is started.
   */
  readonly deadline?: number | Date;
}

/** Options of `retry`, checked. */
export interface RetrySettings {
  readonly attempts: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly jitter: boolean;
  /** Returns a value from the user's function: of any type, or a promise. */
  readonly when: (error: unknown, attempt: number) => unknown;
  readonly signal: AbortSignal | undefined;
  readonly deadline: Deadline;
}

/** Whether a retry may succeed after a failure of this kind. */
const MAY_GO_WELL: Readonly<Record<ErrorKind, boolean>> = {
  timeout: true,
  'queue-full': true,
  native: true,
  module: true,
  'host-function': true,
  crash: true,
  lost: true,
  'crash-loop': true,
  // The errors of its starts decide.
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
  // Its handles are gone: a new session starts over.
  session: false,
  'lane-start': false,
  listener: false,
};

/** Every kind of error. */
export const ERROR_KINDS: readonly string[] = Object.keys(MAY_GO_WELL);

/** Codes for which the rule differs from that of their kind. */
const BY_CODE: ReadonlyMap<string, boolean> = new Map([
  ['OFFTHREAD_ENGINE_BUSY', true],
  ['OFFTHREAD_SESSION_TIMEOUT', true],
]);

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
    // The longest wait of a timer.
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
