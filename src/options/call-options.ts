/** Options of one call, and of `ended`. */
import { types } from 'node:util';
import { Date } from '../builtins.js';
import { attemptsOption, takeAttempts } from './attempts.js';
import {
  abortSignal,
  duration,
  integer,
  known,
  oneOf,
  optionalFunction,
  refuse,
  unlimited,
} from './checks.js';

/** Options of one call. `Chunk` is the type of the chunks that it streams, if any. */
export interface CallOptions<Chunk = never> {
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
  /** Maximum run time in ms, instead of the pool's. 0 is unlimited. */
  readonly timeout?: number;
  /**
   * Time limit for queueing and running together, in ms from the call, or a point in time. With 0, or a point in the
   * past, the call is not started.
   */
  readonly deadline?: number | Date;
  /** Calls with a higher priority run first: an integer from -128 to 127. Default 0. */
  readonly priority?: number;
  /**
   * Maximum run time, in ms, of each function that native code calls on the host, instead of the declaration's and the
   * pool's. 0 is unlimited.
   */
  readonly hostTimeout?: number;
  /**
   * Number of unread chunks at which native code waits, from 1 to 65,536, instead of the declaration's. For streams.
   */
  readonly highWaterMark?: number;
  /**
   * Called with every chunk, in order; while a promise that it returned is pending, the next chunk waits. For functions
   * that stream.
   */
  readonly onChunk?: (chunk: Chunk) => unknown;
  /**
   * The effect of an `onChunk` that throws: `fail` (default) rejects the call and stops native code; `report` emits the
   * pool's `error` event and continues.
   */
  readonly onChunkError?: 'fail' | 'report';
  /**
   * Maximum number of starts, including the first, of a call that crashes its lanes: 1 to 1,000,000, or Infinity.
   * Default 1. Streams are started once.
   */
  readonly attempts?: number;
  /** @deprecated Use `attempts`, which includes the first start: `retry: 1` is `attempts: 2`. */
  readonly retry?: number;
}

/** A time limit in ms from the call, a point in time, or no deadline. */
export type Deadline = number | Date | undefined;

/** Options of one call, checked. The pool's options apply where one is undefined. */
export interface CallSettings {
  readonly signal: AbortSignal | undefined;
  /** ms; Infinity is unlimited; undefined is the pool's. */
  readonly timeout: number | undefined;
  readonly deadline: Deadline;
  readonly priority: number;
  /** ms; Infinity is unlimited; undefined is the declaration's or the pool's. */
  readonly hostTimeout: number | undefined;
  readonly highWaterMark: number | undefined;
  readonly onChunk: ((chunk: unknown) => unknown) | undefined;
  readonly onChunkError: 'fail' | 'report';
  readonly attempts: number;
}

export const NO_CALL_OPTIONS: CallSettings = Object.freeze({
  signal: undefined,
  timeout: undefined,
  deadline: undefined,
  priority: 0,
  hostTimeout: undefined,
  highWaterMark: undefined,
  onChunk: undefined,
  onChunkError: 'fail',
  attempts: 1,
});

const CALL_OPTIONS = [
  'signal',
  'timeout',
  'deadline',
  'priority',
  'hostTimeout',
  'highWaterMark',
  'onChunk',
  'onChunkError',
  'attempts',
  'retry',
] as const satisfies (keyof CallOptions)[];

/** @throws ArgumentError for a value that is neither a duration in ms nor a valid Date. */
export function deadlineOption(value: unknown): Deadline {
  if (value === undefined) return undefined;
  if (!types.isDate(value)) return duration('deadline', value, 0);
  // The constructor reads the time without `getTime`, which the object may override.
  const copy = new Date(value);
  if (Number.isNaN(copy.getTime())) refuse('deadline', value, 'a valid Date');
  return copy;
}

function read(options: unknown): Record<string, unknown> {
  const given = known('call option', options, CALL_OPTIONS);
  takeAttempts(given, 'retry');
  return given;
}

/** A copy of the options: each is read once. @throws ArgumentError */
export function givenCallOptions(options: CallOptions<unknown> | undefined): CallOptions<unknown> {
  return read(options);
}

/** @throws ArgumentError naming the option. */
export function callSettings(options: CallOptions | undefined): CallSettings {
  const given = read(options);
  return Object.freeze({
    signal: abortSignal(given['signal']),
    timeout: given['timeout'] === undefined ? undefined : unlimited(duration('timeout', given['timeout'], 0)),
    deadline: deadlineOption(given['deadline']),
    priority: integer('priority', given['priority'], -128, 127, 0),
    hostTimeout:
      given['hostTimeout'] === undefined
        ? undefined
        : unlimited(duration('hostTimeout', given['hostTimeout'], 0)),
    highWaterMark:
      given['highWaterMark'] === undefined
        ? undefined
        : integer('highWaterMark', given['highWaterMark'], 1, 65_536, 1),
    onChunk: optionalFunction('onChunk', given['onChunk']),
    onChunkError: oneOf('onChunkError', given['onChunkError'], ['fail', 'report'], 'fail'),
    attempts: attemptsOption('attempts', given['attempts'], 1),
  });
}

/** ms to wait for the end of a stream; Infinity is unlimited. @throws ArgumentError */
export function endedTimeout(options: unknown): number {
  const given = known('ended option', options, ['timeout']);
  return duration('timeout', given['timeout'], Infinity);
}
