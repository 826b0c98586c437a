/** The errors of calls that are refused, or end before they reach a lane. */
import { Math } from '../../builtins.js';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  type ErrorContext,
  QueueFullError,
} from '../../errors.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Call } from '../call.js';

const contextOf = (call: Call): ErrorContext => ({ call: call.id, symbol: call.fn.name });

/** @param cause the reason of the aborted signal. */
export function abortedBefore(call: Call, cause: unknown): CallCancelledError {
  return new CallCancelledError(`${call.fn.name} was not started: its signal had aborted before the call.`, {
    ...contextOf(call),
    cause,
  });
}

export function pastDeadlineBefore(call: Call): CallTimeoutError {
  return new CallTimeoutError(
    `${call.fn.name} was not started: its deadline had passed before the call. A deadline is a number of ms counted from the call, or a Date in the future.`,
    contextOf(call),
  );
}

/** Names the lanes that plain calls cannot have, for messages. */
export function leasedText(leased: number, lanes: number): string {
  return leased === lanes && lanes === 1
    ? ' The only lane is leased to a session: close the session first, or use more lanes.'
    : ` Sessions have ${leased} of the ${lanes} lanes.`;
}

/**
 * The error when a deadline passes in the queue or while the call runs.
 * @param leased which lanes are leased to sessions, as text.
 */
export function pastDeadline(call: Call, now: number, leased: string): CallTimeoutError {
  const ms = Math.round((call.deadline?.at ?? now) - call.createdAt);
  const [where, advice] =
    call.lane === null && call.startedAt === null
      ? call.limits.session === null
        ? [
            'waiting for a lane',
            `The lanes are busy: allow more time, more lanes, or fewer calls at once.${leased}`,
          ]
        : [
            'waiting for the lane of its session',
            'Calls of a session run one after the other: allow more time, or fewer calls at once.',
          ]
      : ['running, or being read', 'Allow more time, or check what the call waits for.'];
  return new CallTimeoutError(
    `${call.fn.name} passed its deadline of ${ms} ms while ${where}. ${advice}`,
    contextOf(call),
  );
}

/** The error when native code has returned and no chunk was read for the length of the call's timeout. */
export function unreadChunks(call: Call): CallTimeoutError {
  return new CallTimeoutError(
    `${call.fn.name} has returned, but its chunks have not been read for ${call.timeout} ms. ` +
      'Read a stream to its end, or cancel the stream; raise `timeout` (0 is unlimited) for a reader that needs longer.',
    contextOf(call),
  );
}

/** The error of a call with chunks that has neither a stream nor an `onChunk`. */
export function noReader(symbol: string): ArgumentError {
  return new ArgumentError(
    `${symbol} streams chunks, but this call has no reader for them. Call ${symbol}.stream(…) and read the stream, or use ${symbol}.with({ onChunk }).`,
    { symbol },
  );
}

/** @param leased which lanes are leased to sessions, as text. */
export function queueFull(call: Call, settings: PoolSettings, leased: string): QueueFullError {
  const { maxQueue, maxWaiting, whenFull, lanes } = settings;
  const more = whenFull === 'wait' ? ` and ${maxWaiting} more wait for room` : '';
  return new QueueFullError(
    `The queue is full: ${maxQueue} calls wait for ${lanes} lanes${more}. ` +
      `Submit more slowly, raise maxQueue, or set whenFull to 'wait'.${leased}`,
    contextOf(call),
  );
}

/** Estimates for a call that would miss its deadline, in ms. */
export interface Outlook {
  readonly leftMs: number;
  readonly waitMs: number;
  readonly runMs: number;
}

/** The error of a call that would end after its deadline. */
export function unreachable(call: Call, { leftMs, waitMs, runMs }: Outlook): QueueFullError {
  const runs = runMs === 0 ? '' : ` and then run for about ${inMs(runMs)}`;
  return new QueueFullError(
    `${call.fn.name} was not queued, because it would miss its deadline: ${inMs(leftMs)} are left, but it would wait for a lane for about ${inMs(waitMs)}${runs}. ` +
      'The pool has more work than its lanes can do in time. Submit more slowly, use more lanes, or allow more time; ' +
      'without the option refuseLate, such calls are queued.',
    { ...contextOf(call), code: 'OFFTHREAD_DEADLINE_UNREACHABLE' },
  );
}

/** The error of a call whose turn has come with less time left than it takes. */
export function noTimeLeft(call: Call, leftMs: number, runMs: number): CallTimeoutError {
  return new CallTimeoutError(
    `${call.fn.name} was not started, because it would miss its deadline: when a lane was free, ${inMs(Math.max(0, leftMs))} were left, but it runs for about ${inMs(runMs)}. ` +
      'The lanes are busy: allow more time, more lanes, or fewer calls at once.',
    contextOf(call),
  );
}

/** Shows an estimate, with two digits below 10 ms. */
function inMs(ms: number): string {
  return `${ms >= 10 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`;
}

/** The error when a call could not be passed to a lane, for example for lack of memory for a copy of the arguments. */
export function notPassedOn(call: Call, cause: unknown): ArgumentError {
  const why = cause instanceof Error ? cause.message.replace(/\.$/, '') : 'they could not be copied';
  return new ArgumentError(
    `${call.fn.name} could not be called, because its arguments could not be passed to a lane: ${why}. Nothing reached native code.`,
    { ...contextOf(call), cause },
  );
}
