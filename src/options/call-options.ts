/** Options of one call, and of what can be done with one. */
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

/** Options of one call. `Chunk` is what it streams, where it does. */
export interface CallOptions<Chunk = never> {
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
  /** ms of running, in place of the pool's. 0 is unlimited. */
  readonly timeout?: number;
  /** ms from the call over queueing and running together, or a point in time. 0, or a point that has passed: the call is not started. */
  readonly deadline?: number | Date;
  /** Higher goes first: an integer from -128 to 127. Default 0. */
  readonly priority?: number;
  /** ms for each function that native code calls on the host, in place of the declaration's and the pool's. 0 is unlimited. */
  readonly hostTimeout?: number;
  /** Chunks unread before native code waits, from 1 to 65,536, in place of the declaration's. For streams. */
  readonly highWaterMark?: number;
  /** Gets every chunk, in order; while a promise of it is pending, the next one waits. For functions that stream. */
  readonly onChunk?: (chunk: Chunk) => unknown;
  /** What an `onChunk` that throws does: `fail` (default) fails the call and stops native code; `report` tells the pool's `error` event and goes on. */
  readonly onChunkError?: 'fail' | 'report';
  /**
   * How often the call is started at most, the first time included, if it crashes its lanes: 1 to 1,000,000, or
   * Infinity. Default 1. Streams are started once.
   */
  readonly attempts?: number;
  /** @deprecated Use `attempts`, which counts the first start, too: `retry: 1` is `attempts: 2`. */
  readonly retry?: number;
}

/** ms from the call over queueing and running, a point in time, or none. */
export type Deadline = number | Date | undefined;

/** Options of one call, checked. Absent ones fall back to the pool's at the call. */
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

/** @throws ArgumentError for what is neither ms nor a valid Date. */
export function deadlineOption(value: unknown): Deadline {
  if (value === undefined) return undefined;
  if (!types.isDate(value)) return duration('deadline', value, 0);
  // Its time by the language's own way: it may have a getTime of its own.
  const copy = new Date(value);
  if (Number.isNaN(copy.getTime())) refuse('deadline', value, 'a valid Date');
  return copy;
}

function read(options: unknown): Record<string, unknown> {
  const given = known('call option', options, CALL_OPTIONS);
  takeAttempts(given, 'retry');
  return given;
}

/** The options, each read once. @throws ArgumentError */
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

/** ms to wait for a stream's end; Infinity is for ever. @throws ArgumentError */
export function endedTimeout(options: unknown): number {
  const given = known('ended option', options, ['timeout']);
  return duration('timeout', given['timeout'], Infinity);
}
