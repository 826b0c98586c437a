/**
 * Turns what a lane left in a row into the end of a call.
 *
 * The row's state was decided by compare-and-swap, so exactly one ending is
 * read here; a row whose call has settled already (cancelled while queued,
 * given up, taken back) is only given back.
 */
import { getSystemErrorName } from 'node:util';
import { DeclarationError, EngineError, NativeError, type OffthreadError } from '../errors.js';
import { copyBack } from '../lanes/pack.js';
import { type LongTexts, readLastError, readReturned, withOuts } from '../lanes/unpack.js';
import { ERRNO_SHIFT, Outcome, RowDouble } from '../shared/layout.js';
import type { ErrorData, ToHost } from '../shared/messages.js';
import { State, generationOf } from '../shared/states.js';
import type { Job, JobLane } from './job.js';

/** Reads the lane's port up to the message of one call; earlier calls' messages are of calls nobody waits for. */
export type ReadMessage = (generation: number) => ToHost | undefined;

function errnoName(errno: number): string | undefined {
  try {
    return errno > 0 ? getSystemErrorName(-errno) : undefined;
  } catch {
    return undefined;
  }
}

function nativeError(
  job: Job,
  lane: JobLane,
  returned: unknown,
  errno: number,
  lastError: string | null,
): NativeError {
  const { spec } = job.fn.compiled;
  const name = spec.errno ? errnoName(errno) : undefined;
  const why = [lastError, name === undefined ? null : `errno ${errno}, ${name}`].filter(
    (part) => part !== null,
  );
  const shown = typeof returned === 'bigint' ? `${returned}n` : String(returned);
  return new NativeError(
    `${job.fn.name} reported failure: it returned ${shown}${why.length > 0 ? ` (${why.join('; ')})` : ''}.` +
      (why.length > 0
        ? ''
        : ' Its documentation says what that value means; declare `errno` or `lastError` to have the reason read.'),
    {
      call: job.id,
      symbol: job.fn.name,
      lane: lane.name,
      code: name,
      returned,
      errno: spec.errno ? errno : undefined,
      lastError: lastError ?? undefined,
    },
  );
}

function engineError(job: Job, lane: JobLane, data: ErrorData | undefined): OffthreadError {
  const cause = Object.assign(new Error(data?.message ?? 'unknown'), data);
  return new EngineError(
    `${job.fn.name} could not be called: ${data?.message ?? 'the lane gave no reason'}. ` +
      `The ${job.fn.engine} engine refused in lane ${lane.name}; nothing reached native code.`,
    { call: job.id, symbol: job.fn.name, lane: lane.name, cause, code: data?.code },
  );
}

/** Ends the call whose row the lane has left as `succeeded` or `failed`. */
function settleReturned(job: Job, lane: JobLane, state: State, read: ReadMessage): void {
  const { ring } = lane;
  const { memory } = ring;
  const { sequence, fn } = job;
  const outcome = ring.outcome(sequence);
  const message =
    (outcome & (Outcome.THREW | Outcome.TEXT_BY_PORT)) === 0 ? undefined : read(generationOf(job.id));
  if ((outcome & Outcome.THREW) !== 0) {
    job.settle(
      'failed',
      undefined,
      engineError(job, lane, message?.kind === 'error' ? message.error : undefined),
    );
    return;
  }
  const long: LongTexts = message?.kind === 'texts' ? message.texts : null;
  const payload = ring.payload(sequence);
  const returned = readReturned(memory, sequence, payload, fn, long);
  let failed = state === State.failed;
  if (fn.compiled.failsPredicate !== undefined) {
    try {
      failed = Boolean(fn.compiled.failsPredicate(returned));
    } catch (cause) {
      const what = `The \`fails\` rule of ${fn.name} threw instead of answering. Let it return true or false.`;
      job.settle('failed', undefined, new DeclarationError(what, { call: job.id, symbol: fn.name, cause }));
      return;
    }
  }
  if (failed) {
    const lastError = readLastError(memory, payload, fn, long);
    job.settle('failed', undefined, nativeError(job, lane, returned, outcome >> ERRNO_SHIFT, lastError));
    return;
  }
  job.settle('succeeded', withOuts(memory, payload, fn, long, returned), undefined);
}

/** Ends the call of the row at the lane's head, if it has not ended yet. The caller then frees the row. */
export function settleRow(lane: JobLane, job: Job, read: ReadMessage): void {
  const { ring } = lane;
  const { sequence } = job;
  const state = ring.state(sequence);
  if (state === State.withdrawn || state === State.lost || job.isSettled) return;
  const startedAt = ring.startedAt(sequence);
  job.startedAt = startedAt;
  job.endedAt = ring.endedAt(sequence);
  job.fn.measure((job.endedAt - startedAt) * 1_000);
  if (job.fn.copiesBack && (ring.outcome(sequence) & Outcome.THREW) === 0) {
    copyBack(ring.memory, ring.payload(sequence), job.fn, job.args, ring.externals(sequence));
  }
  if (state === State.cancelled) job.settle('cancelled', undefined, job.stopError);
  else if (state === State.timedOut) job.settle('timed-out', undefined, job.stopError);
  else settleReturned(job, lane, state, read);
}

/** Progress of a call that is in a lane: what native code last wrote. */
export function readProgress(lane: JobLane, sequence: number): { done: number; total: number } {
  const { memory } = lane.ring;
  const at = memory.rowDouble(sequence);
  return {
    done: memory.f64[at + RowDouble.DONE] as number,
    total: memory.f64[at + RowDouble.TOTAL] as number,
  };
}
