/** The events of a call on the audit trail. Used only while the trail has subscribers. */
import { performance } from '../builtins.js';
import type { OffthreadError } from '../errors.js';
import { publish } from '../observe/trace.js';
import type { Ending } from '../supervisor/job.js';
import type { Call } from './call.js';

/** Kinds of errors that are recorded as faults, like timeouts. */
const FAULTS: ReadonlySet<string> = new Set(['crash', 'lost', 'crash-loop']);

/** A call has been made: its trace begins. */
export function traceStart(call: Call, pool: string): void {
  const { spec, library } = call.fn.compiled;
  call.trace = {
    id: call.id,
    pool,
    library,
    symbol: spec.name,
    engine: call.fn.engine,
    createdAt: performance.timeOrigin + call.createdAt,
  };
  publish.start(call.trace);
}

/** A traced call has ended; its promise settles next. */
export function traceEnd(call: Call, ending: Ending): void {
  const { trace } = call;
  if (trace === null) return;
  const { queuedMs, ranMs } = call.timing;
  trace.status = ending;
  trace.queuedMs = queuedMs;
  trace.ranMs = ranMs ?? 0;
  if (call.lane !== null) trace.lane = call.lane.name;
  if (ending === 'succeeded') trace.result = call.value;
  else {
    const error = call.error as OffthreadError;
    trace.error = error;
    trace.kind = error.kind;
    trace.violation = ending === 'timed-out' || call.lane?.status === 'lost' || FAULTS.has(error.kind);
    publish.error(trace);
  }
  publish.asyncStart(trace);
}
