/** The errors of sessions. */
import {
  CallCancelledError,
  DeadlockError,
  type OffthreadError,
  QueueFullError,
  SessionError,
} from '../../errors.js';
import { reasonText } from '../call.js';

const AGAIN = 'Open another session with pool.session(), and create its handles again.';

/** Why a lane was not to be had, for messages. */
export interface LaneShortage {
  readonly lanes: number;
  readonly leased: number;
  readonly maxSessions: number;
}

/** The error of a call of a session whose lane is gone. @param cause the death of the lane, or why it was given up. */
export function endedSession(symbol: string, lane: string, cause: OffthreadError): SessionError {
  const how = cause.kind === 'crash' ? 'died' : 'was given up';
  return new SessionError(
    `${symbol} was not called: its session has ended, because its lane ${lane} ${how}, and with it what the library kept there. ` +
      `See \`error.cause\`. ${AGAIN}`,
    { symbol, lane, cause },
  );
}

/** The error of a call of a session that was closed. */
export function closedSession(symbol: string, lane: string): SessionError {
  return new SessionError(
    `${symbol} was not called: its session was closed. Close a session only after its last call; with \`await using\`, it is closed when the block is left: write \`return await\` in it.`,
    { symbol, lane, code: 'OFFTHREAD_SESSION_CLOSED' },
  );
}

/** The error of a call that had not ended when its session had to. */
export function unfinishedCall(symbol: string, lane: string, call: number): SessionError {
  return new SessionError(
    `${symbol} was ended: its session was closed before the call had finished. Await the calls of a session before it is closed, or allow more time: close({ timeout }).`,
    { symbol, lane, call, code: 'OFFTHREAD_SESSION_CLOSED' },
  );
}

/** The error of a call of a session whose signal has aborted. @param cause the reason of the signal. */
export function abortedSession(symbol: string, lane: string, cause: unknown): SessionError {
  return new SessionError(
    `${symbol} was not called: its session has ended, because its signal has aborted${because(cause)}.`,
    { symbol, lane, cause },
  );
}

/** The error of a pending call of a session whose signal aborts. @param cause the reason of the signal. */
export function cancelledCall(symbol: string, call: number, cause: unknown): CallCancelledError {
  return new CallCancelledError(
    `${symbol} was cancelled: the signal of its session has aborted${because(cause)}.`,
    {
      symbol,
      call,
      cause,
    },
  );
}

/** The error of `pool.session` whose signal has aborted. @param cause the reason of the signal. */
export function cancelledWait(cause: unknown): CallCancelledError {
  return new CallCancelledError(`pool.session was cancelled: its signal has aborted${because(cause)}.`, {
    cause,
  });
}

/** The error of `pool.session` that got no lane in time. */
export function noLane(ms: number, shortage: LaneShortage): SessionError {
  return new SessionError(`pool.session got no lane within ${ms} ms: ${whyNoLane(shortage)}`, {
    code: 'OFFTHREAD_SESSION_TIMEOUT',
  });
}

/** The error of `pool.session` when too many sessions wait. */
export function tooManyWait(most: number, shortage: LaneShortage): QueueFullError {
  return new QueueFullError(
    `The queue is full: ${most} sessions wait for a lane. ${whyNoLane(shortage)} The option maxQueue says how many may wait.`,
  );
}

function whyNoLane({ lanes, leased, maxSessions }: LaneShortage): string {
  const which = `${leased} of ${lanes} ${lanes === 1 ? 'lane is' : 'lanes are'} leased to sessions`;
  return leased >= maxSessions
    ? `${which}, and no more than ${maxSessions} may be. Close sessions sooner, use more lanes, raise maxSessions, or wait longer: { timeout }.`
    : `${which}, and the others run calls without a pause, or have not started. Use more lanes, give the session a priority, or wait longer: { timeout }.`;
}

/** The error of `pool.session` in a function that native code waits for, when no lane could ever be free. */
export function sessionDeadlock(): DeadlockError {
  return new DeadlockError(
    'pool.session would never get a lane: a function that native code waits for has called it, and every lane that it could get waits for such a function. ' +
      'Open the session before the call that runs the function, or use more lanes.',
  );
}

/** The error of `session.close` in a function that native code of the session waits for. */
export function closeDeadlock(lane: string): DeadlockError {
  return new DeadlockError(
    'session.close would never resolve: it waits for a call of the session whose native code waits for the function that closes it. ' +
      'Close the session after that call. The session takes no more calls, and ends with the call.',
    { lane },
  );
}

/** What the `error` event reports of a session that was never closed. */
export function leakedSession(lane: string): SessionError {
  return new SessionError(
    `A session of lane ${lane} was not closed, and nothing refers to it any more. Its lane serves other calls again, but what the session left in the library stays there. ` +
      'Close every session: `await using session = await pool.session()`, or session.close() in a `finally`.',
    { lane, code: 'OFFTHREAD_SESSION_LEAKED' },
  );
}

function because(cause: unknown): string {
  const why = reasonText(cause);
  return why === '' ? '' : `: ${why}`;
}
