/**
 * Settles a call from the row that its lane has finished, in two steps.
 *
 *   read    everything is copied out of the row and its payload
 *           (then the caller frees the row)
 *   settle  user code may run: a `fails` rule, a listener, a subscriber
 *
 * User code may make a blocking call, which takes results from the same lane, so
 * the row is freed before user code runs. The row's state was decided by
 * compare-and-swap, so exactly one ending is read; the row of a call that has
 * settled or left (cancelled while queued, given up, withdrawn) gives none.
 */
import { ArgumentError, EngineError, type ErrorContext, type OffthreadError } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import { ALL_BACK, copyBack } from '../../lanes/rows/given-bytes.js';
import { classOf } from '../../lanes/process/deserialize-error.js';
import { type LongTexts, readLastError, readReturned, withOuts } from '../../lanes/rows/unpack.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { ERRNO_SHIFT, Outcome, RowDouble, RowWord } from '../../shared/memory/layout.js';
import type { ErrorData, ToHost } from '../../shared/messages/messages.js';
import { State, generationOf, stateIn } from '../../shared/memory/states.js';
import { failsByRule, nativeError } from './native-failure.js';
import { unsafeSize, unsafeSizeIn } from './unsafe-size.js';
import type { Job, JobItems, JobLane } from '../job.js';
import { takeEnd, takeStart } from './row-times.js';

/** Reads the message that a lane sent in addition to the row of a call. */
export type ReadMessage = (
  lane: JobLane,
  generation: number,
) => Exclude<ToHost, { kind: 'record' }> | undefined;

/** The content of a finished row. */
export interface Reading {
  readonly state: State;
  readonly lane: string;
  /** The native return value; `value` also has the out parameters. */
  readonly returned: unknown;
  readonly value: unknown;
  readonly errno: number;
  readonly lastError: string | null;
  /** An error that makes the call fail, whatever native code returned. */
  readonly obstacle: OffthreadError | null;
}

/** Reads rows of calls of modules' functions. */
export interface ModuleReader {
  /** What a function has returned. */
  result(lane: JobLane, job: Job, outcome: number, read: ReadMessage): unknown;
  /** Why a call has failed. */
  failure(lane: JobLane, job: Job, outcome: number, read: ReadMessage): OffthreadError;
}

/** Set before the first function of a module is declared: the code is loaded with the first module. */
export const moduleReader: { use: ModuleReader | null } = { use: null };

/** Reused for every plain success, since it is read before user code runs. */
const success: { -readonly [K in keyof Reading]: Reading[K] } = {
  state: State.succeeded,
  lane: '',
  returned: undefined,
  value: undefined,
  errno: 0,
  lastError: null,
  obstacle: null,
};

/** Copies the result of a job out of its row; null when the job needs none. The reading is valid until the next call of this function. */
export function readRow(lane: JobLane, job: Job, read: ReadMessage): Reading | null {
  const { ring } = lane;
  const { sequence, fn } = job;
  const state = ring.stateAtEnd(sequence);
  if (state === State.withdrawn || state === State.lost || job.isSettled) return null;
  const startedAt = takeStart(lane, job);
  const endedAt = takeEnd(lane, job);
  if (job.items !== null) return readItems(lane, job, state, read);
  if (isMeasured(fn, sequence)) fn.measure((endedAt - startedAt) * 1_000, endedAt);
  const outcome = ring.outcome(sequence);
  if (fn.module !== null) return readModule(lane, job, state, outcome, read);
  // A `fails` rule is user code, which may cause the next reading before this one has been used.
  const plain = outcome === 0 && state === State.succeeded && !ring.copiesBack(sequence);
  if (!plain || fn.compiled.failsPredicate !== undefined) return readWhole(lane, job, state, outcome, read);
  const payload = ring.payload(sequence);
  success.returned = readReturned(ring.memory, sequence, payload, fn, null);
  success.value = withOuts(ring.memory, payload, fn, null, success.returned, job.args);
  success.lane = lane.name;
  return success;
}

/**
 * Reads and settles a plain call, if it has succeeded and the row is the oldest: all that most calls need.
 * @returns false when the row has to be read in the usual way.
 */
export function settlePlain(lane: JobLane, job: Job): boolean {
  const { ring } = lane;
  const { memory } = ring;
  const { i32, f64 } = memory;
  const { fn, sequence } = job;
  const word = memory.rowWord(sequence);
  const state = stateIn(i32[word + RowWord.STATE] as number);
  if (state !== State.succeeded || i32[word + RowWord.OUTCOME] !== 0) return false;
  const double = memory.rowDouble(sequence);
  const startedAt = f64[double + RowDouble.STARTED] as number;
  const endedAt = f64[double + RowDouble.ENDED] as number;
  if (isMeasured(fn, sequence)) fn.measure((endedAt - startedAt) * 1_000, endedAt);
  const value = readReturned(memory, sequence, 0, fn, null);
  ring.freePlain();
  job.succeed(value, startedAt, endedAt);
  return true;
}

/** Measuring one in eight short calls is enough. */
function isMeasured(fn: DeclaredFunction, sequence: number): boolean {
  return !fn.short || (sequence & 7) === 0;
}

/** A row from which no value is taken. */
function withoutValue(state: State, { name: lane }: JobLane, obstacle: OffthreadError | null): Reading {
  return { state, lane, returned: undefined, value: undefined, errno: 0, lastError: null, obstacle };
}

/** The same for a function of a module. */
function readModule(lane: JobLane, job: Job, state: State, outcome: number, read: ReadMessage): Reading {
  const reader = moduleReader.use as ModuleReader;
  if (state === State.succeeded) {
    success.returned = undefined;
    success.value = reader.result(lane, job, outcome, read);
    success.lane = lane.name;
    return success;
  }
  const failure = state === State.failed ? reader.failure(lane, job, outcome, read) : null;
  return withoutValue(state, lane, failure);
}

/** The same for a batch, whose items have their own outcomes. */
function readItems(lane: JobLane, job: Job, state: State, read: ReadMessage): Reading {
  const { ring } = lane;
  const items = job.items as JobItems;
  items.collect(ring.memory, job.sequence);
  const endedAt = job.endedAt as number;
  const us = (endedAt - (job.startedAt as number)) * 1_000;
  if (items.done > 0) job.fn.measure(us / items.done, endedAt);
  const threw = (ring.outcome(job.sequence) & Outcome.THREW) !== 0;
  const message = threw ? read(lane, generationOf(job.id)) : undefined;
  const obstacle = threw
    ? engineError(job, lane, message?.kind === 'error' ? message.error : undefined, false)
    : null;
  return withoutValue(state, lane, obstacle);
}

/** The same for a row that contains more than a value. */
function readWhole(lane: JobLane, job: Job, state: State, outcome: number, read: ReadMessage): Reading {
  const { ring } = lane;
  const { sequence, fn } = job;
  const message =
    (outcome & (Outcome.THREW | Outcome.TEXT_BY_PORT)) === 0 ? undefined : read(lane, generationOf(job.id));
  const plain = { state, lane: lane.name, returned: undefined, value: undefined, errno: 0, lastError: null };
  if ((outcome & Outcome.THREW) !== 0) {
    // A process sends the error before it ends the row.
    if (lane.kind === 'process' && message?.kind !== 'error') throw new Disorder('the outcome of a call');
    return {
      ...plain,
      obstacle: engineError(
        job,
        lane,
        message?.kind === 'error' ? message.error : undefined,
        (outcome & Outcome.ANSWER_LOST) !== 0,
      ),
    };
  }
  const { memory } = ring;
  const payload = ring.payload(sequence);
  const lost = ring.copiesBack(sequence)
    ? copyBack(memory, ring.places(sequence), fn, job.args, ring.externals(sequence), ring.externalMemory)
    : ALL_BACK;
  if (state === State.cancelled || state === State.timedOut) return { ...plain, obstacle: null };
  const long: LongTexts = message?.kind === 'texts' ? message.texts : null;
  const returned = readReturned(memory, sequence, payload, fn, long);
  return {
    state,
    lane: lane.name,
    returned,
    value: withOuts(memory, payload, fn, long, returned, job.args),
    errno: outcome >> ERRNO_SHIFT,
    lastError: readLastError(memory, payload, fn, long),
    obstacle: lost === ALL_BACK ? null : lostBytes(job, lost),
  };
}

/** Settles a job from its reading. Runs user code. */
export function settleReading(job: Job, reading: Reading): void {
  const { state, obstacle } = reading;
  const failure = job.callbackState?.failure ?? null;
  if (state === State.cancelled) job.settle('cancelled', undefined, job.stopping?.error);
  else if (state === State.timedOut) job.settle('timed-out', undefined, job.stopping?.error);
  else if (obstacle !== null) job.settle('failed', undefined, obstacle);
  else if (failure !== null) {
    job.settle(failure.kind === 'timeout' ? 'timed-out' : 'failed', undefined, failure);
  } else if (failed(job, reading))
    job.settle('failed', undefined, nativeError(job.fn, { ...reading, ...contextOf(job, reading.lane) }));
  else if (job.fn.returnsSizes) settleSizes(job, reading);
  else job.settle('succeeded', reading.value, undefined);
}

/** A size that a number cannot hold exactly is a failure. */
function settleSizes(job: Job, { value, lane }: Reading): void {
  const unsafe = unsafeSizeIn(job.fn, value);
  if (unsafe === null) job.settle('succeeded', value, undefined);
  else job.settle('failed', undefined, unsafeSize(job.fn, unsafe, contextOf(job, lane)));
}

/** Progress of a call in a lane, as last written by native code. */
export function readProgress(lane: JobLane, sequence: number): { done: number; total: number } {
  const { memory } = lane.ring;
  const at = memory.rowDouble(sequence);
  return {
    done: memory.f64[at + RowDouble.DONE] as number,
    total: memory.f64[at + RowDouble.TOTAL] as number,
  };
}

/** Whether the call has failed by its declaration. Settles the job if the `fails` rule throws. */
function failed(job: Job, { state, returned }: Reading): boolean {
  if (job.fn.compiled.failsPredicate === undefined || job.items !== null) return state === State.failed;
  try {
    return failsByRule(job.fn, returned, { call: job.id });
  } catch (error) {
    job.settle('failed', undefined, error);
    return true;
  }
}

function contextOf(job: Job, lane?: string): ErrorContext {
  return { call: job.id, symbol: job.fn.name, lane };
}

/** @param returned whether native code has run, so that only its result could not be read. */
function engineError(
  job: Job,
  lane: JobLane,
  data: ErrorData | undefined,
  returned: boolean,
): OffthreadError {
  const cause = Object.assign(new Error(data?.message ?? 'unknown'), data);
  const why = (data?.message ?? 'the lane gave no reason').replace(/\.$/, '');
  // A library may fail in a single lane: its file may have been removed or replaced.
  const type = returned ? EngineError : classOf(data?.name);
  const code = data?.code?.startsWith('OFFTHREAD_') === true ? data.code : undefined;
  return new type(
    returned
      ? `${job.fn.name} ran in lane ${lane.name}, but its results could not be read: ${why}. ` +
          'Its side effects have happened. Before the next call, check the declared types of its results (a JavaScript string holds at most 512 MB), ' +
          'and the modules that lanes load (`execArgv`, or `NODE_OPTIONS` in `env`).'
      : `${job.fn.name} could not be called: ${why}. ` +
          `The engine ${job.fn.engine} rejected the call in lane ${lane.name}; nothing reached native code.`,
    {
      ...contextOf(job, lane.name),
      cause,
      code: returned ? 'OFFTHREAD_ENGINE_RESULT' : code,
    },
  );
}

function lostBytes(job: Job, argument: number): ArgumentError {
  return new ArgumentError(
    `${job.fn.name} ran, but its output could not be copied back: argument ${job.fn.compiled.structs?.given(argument) ?? argument}, an inout buffer, was detached or shrunk during the call. ` +
      'Keep a buffer until its call has settled, or use a view over a SharedArrayBuffer.',
    contextOf(job),
  );
}
