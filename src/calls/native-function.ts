/** Typed functions: what a declaration becomes. */
import { checkArguments } from '../declare/values/validate.js';
import { ArgumentError } from '../errors.js';
import type { DeclaredFunction } from '../lanes/rows/declared-function.js';
import {
  type CallOptions,
  type CallSettings,
  type Deadline,
  NO_CALL_OPTIONS,
  callSettings,
  givenCallOptions,
} from '../options/call-options.js';
import type { Lent } from '../shared/memory/batch-layout.js';
import type { JobItems } from '../supervisor/job.js';
import type { CallLimits, NativeCall } from './call.js';
import type { BatchCall } from './batches/batch-call.js';
import type { Runs } from './batches/runs.js';
import type { ChunkHandler } from './streams/chunk-flow.js';
import type { NativeStream } from './streams/native-stream.js';

/** What every native function has. `C` is the chunk it hands out, `never` where it hands out none. */
export interface CallableFunction<A extends readonly unknown[], R, C = never> {
  /** Calls it in a lane. Every failure, of the arguments too, is a rejection of the returned call: nothing is thrown. */
  (...args: A): NativeCall<R>;
  /**
   * The same function with options for its calls; options given before are kept.
   * @throws ArgumentError naming the option that is wrong.
   */
  with(options: CallOptions<C>): NativeFunction<A, R, C>;
  /**
   * Calls it and blocks this thread until it is answered. Inside a lane it runs
   * in place. Timeouts and deadlines hold; a signal can only be seen before it
   * starts. Functions on the host have to answer at once.
   * @throws what an awaited call rejects with; DeadlockError where this thread would have to answer itself.
   */
  blocking(...args: A): R;
}

/** What a native function that hands out chunks has beside that. */
export interface StreamingFunction<A extends readonly unknown[], R, C> {
  /** Calls it in a lane, for its chunks. Every failure is one of the stream. */
  stream(...args: A): NativeStream<C, R>;
}

/** A native function, typed by its declaration. */
export type NativeFunction<A extends readonly unknown[], R, C = never> = CallableFunction<A, R, C> &
  ([C] extends [never] ? unknown : StreamingFunction<A, R, C>);

/** Where the calls of a function go. */
export interface Dispatcher {
  /** Lanes that calls may go to, when all of them are there. */
  readonly lanes: number;
  /** Calls that have been accepted and have not settled; a batch is one. */
  readonly pending: number;
  /** Whether the pool takes no more calls. */
  readonly closed: boolean;
  /** Runs over many items that go on. */
  readonly runs: Runs;
  /** ms that whatever is asked to stop is waited for. */
  readonly grace: number;
  /** Calls that the pool takes before it refuses any; Infinity where callers wait instead. */
  readonly room: number;
  /** Items that one batch of a function may have; 0 where each of its calls needs a row of its own. */
  batchCapacity(fn: DeclaredFunction, lent?: Lent): number;
  /** Offers many items of one function to the pool, as one call. It waits for room in the queue, whatever `whenFull` says. */
  batch<B extends JobItems>(
    fn: DeclaredFunction,
    items: B,
    limits: CallLimits,
    over: (call: BatchCall<B>) => void,
  ): BatchCall<B>;
  limits(settings: CallSettings): CallLimits;
  call(
    fn: DeclaredFunction,
    args: readonly unknown[],
    limits: CallLimits,
    deadline: Deadline,
    refusal: ArgumentError | null,
    handler: ChunkHandler | null,
  ): NativeCall<unknown>;
  stream(
    fn: DeclaredFunction,
    args: readonly unknown[],
    limits: CallLimits,
    deadline: Deadline,
    refusal: ArgumentError | null,
    handler: ChunkHandler | null,
  ): NativeStream<unknown, unknown>;
  block(
    fn: DeclaredFunction,
    args: readonly unknown[],
    limits: CallLimits,
    deadline: Deadline,
    handler: ChunkHandler | null,
  ): unknown;
}

/** What a native function is behind its face: for those that call it many times. */
export interface FunctionOrigin {
  readonly dispatcher: Dispatcher;
  readonly fn: DeclaredFunction;
  readonly limits: CallLimits;
  readonly settings: CallSettings;
}

const origins = new WeakMap<object, FunctionOrigin>();

/** Null for any other function. @throws ArgumentError for a native function of another. */
export function originOn(dispatcher: Dispatcher, native: unknown): FunctionOrigin | null {
  const origin = typeof native === 'function' ? (origins.get(native) ?? null) : null;
  if (origin === null || origin.dispatcher === dispatcher) return origin;
  throw new ArgumentError('The function belongs to a library of another pool: open it on this one.');
}

/** Makes the function for users. */
export function nativeFunction(
  dispatcher: Dispatcher,
  fn: DeclaredFunction,
  options: CallOptions<unknown> = {},
): NativeFunction<unknown[], unknown> {
  const { compiled } = fn;
  const settings = Object.keys(options).length === 0 ? NO_CALL_OPTIONS : callSettings(options);
  const limits = dispatcher.limits(settings);
  const { deadline, onChunk, onChunkError } = settings;
  const handler = onChunk === undefined ? null : { onChunk, reports: onChunkError === 'report' };
  const native = (...args: unknown[]): NativeCall<unknown> =>
    dispatcher.call(fn, args, limits, deadline, checkArguments(compiled, args), handler);
  Object.defineProperty(native, 'name', { value: fn.name });
  Object.defineProperty(native, 'length', { value: compiled.callerArguments.codes.length });
  const members: CallableFunction<unknown[], unknown, unknown> = Object.assign(native, {
    with: (more: CallOptions<unknown>) => {
      // Read once: a getter may answer something else the next time.
      const given = givenCallOptions(more);
      requireChunks(fn, callSettings(given));
      return nativeFunction(dispatcher, fn, { ...options, ...given }) as never;
    },
    blocking: (...args: unknown[]): unknown => {
      const refusal = checkArguments(compiled, args);
      if (refusal !== null) throw refusal;
      return dispatcher.block(fn, args, limits, deadline, handler);
    },
  });
  origins.set(native, { dispatcher, fn, limits, settings });
  if (compiled.spec.stream === null) return members;
  return Object.assign(members, {
    stream: (...args: unknown[]): NativeStream<unknown, unknown> =>
      dispatcher.stream(fn, args, limits, deadline, checkArguments(compiled, args), handler),
  });
}

/** @throws ArgumentError for options of streams on a function without chunks. */
function requireChunks(fn: DeclaredFunction, { onChunk, highWaterMark }: CallSettings): void {
  if (fn.compiled.spec.stream !== null || (onChunk === undefined && highWaterMark === undefined)) return;
  throw new ArgumentError(
    `Option \`${onChunk === undefined ? 'highWaterMark' : 'onChunk'}\` is for functions that hand out chunks, and ${fn.name} ` +
      'declares none: add a chunks(…) parameter, or `stream`.',
    { symbol: fn.name },
  );
}
