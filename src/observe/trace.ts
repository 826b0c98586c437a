/**
 * The audit trail: every call's life on `diagnostics_channel`.
 *
 * Tracing channel `offthread:call`, one context object a call, the same in
 * every event:
 *   start       created, and offered to the pool
 *   end         accepted, or refused
 *   started     (channel `tracing:offthread:call:started`) native code runs
 *   error       failed, cancelled or timed out: `error` is set
 *   asyncStart  settled: `status` and times are set
 *   asyncEnd    the promise has been settled
 * Without listeners, nothing is created and nothing is published.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { EngineName } from '../declare/spec.js';

/** The context object for subscribers. Times are in ms; properties are absent until known. */
export interface CallTrace {
  /** Id of the call, as in `call.id`. */
  readonly id: number;
  /** Name of its pool. */
  readonly pool: string;
  /** Path or name of the library. */
  readonly library: string;
  /** Name of the function, as declared. */
  readonly symbol: string;
  /** Engine that performs the call. */
  readonly engine: EngineName;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Name of the lane that runs it. */
  lane?: string;
  /** How it ended. */
  status?: 'succeeded' | 'failed' | 'cancelled' | 'timed-out';
  /** Kind of its error, where it did not succeed. */
  kind?: string | undefined;
  /** A timeout or a fault (a crash, a lost lane): something an auditor wants to see. */
  violation?: boolean;
  /** ms from creation to the start. */
  queuedMs?: number;
  /** ms from the start to the end. */
  ranMs?: number;
  /** The result, if the call succeeded. */
  result?: unknown;
  /** The error, if the call did not succeed. */
  error?: unknown;
}

const NAME = 'offthread:call';
const calls = tracingChannel<unknown, CallTrace>(NAME);
const startedChannel = channel(`tracing:${NAME}:started`);

/** Whether the channel has subscribers. */
export function tracing(): boolean {
  return (
    calls.start.hasSubscribers ||
    calls.end.hasSubscribers ||
    calls.asyncStart.hasSubscribers ||
    calls.asyncEnd.hasSubscribers ||
    calls.error.hasSubscribers ||
    startedChannel.hasSubscribers
  );
}

export const publish: Readonly<
  Record<'start' | 'end' | 'started' | 'error' | 'asyncStart' | 'asyncEnd', (trace: CallTrace) => void>
> = {
  start: (trace) => calls.start.publish(trace),
  end: (trace) => calls.end.publish(trace),
  started: (trace) => startedChannel.publish(trace),
  error: (trace) => calls.error.publish(trace),
  asyncStart: (trace) => calls.asyncStart.publish(trace),
  asyncEnd: (trace) => calls.asyncEnd.publish(trace),
};
