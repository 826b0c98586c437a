/** Typed functions: what a declaration becomes. */
import { checkArguments } from '../declare/values/validate.js';
import { ArgumentError } from '../errors.js';
import type { DeclaredFunction } from '../lanes/rows/declared-function.js';
import {
  type CallOptions,
  type CallSettings,
  NO_CALL_OPTIONS,
  callSettings,
  givenCallOptions,
} from '../options/call-options.js';
import type { NativeCall } from './call.js';
import type { CallDispatcher, FunctionOrigin } from './dispatcher.js';
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

const origins = new WeakMap<object, FunctionOrigin>();

/** Null for any other function. @throws ArgumentError for a native function of another. */
export function originOn(dispatcher: CallDispatcher, native: unknown): FunctionOrigin | null {
  const origin = typeof native === 'function' ? (origins.get(native) ?? null) : null;
  if (origin === null || origin.dispatcher === dispatcher) return origin;
  throw new ArgumentError(
    'The function belongs to a library of another pool. Open the library on this pool.',
  );
}

/** Makes the function for users. */
export function nativeFunction(
  dispatcher: CallDispatcher,
  fn: DeclaredFunction,
  options: CallOptions<unknown> = {},
): NativeFunction<unknown[], unknown> {
  const { compiled } = fn;
  const settings = Object.keys(options).length === 0 ? NO_CALL_OPTIONS : callSettings(options);
  const origin = dispatcher.origin(fn, settings);
  const native = (...args: unknown[]): NativeCall<unknown> =>
    dispatcher.call(origin, args, checkArguments(compiled, args));
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
      return dispatcher.block(origin, args);
    },
  });
  origins.set(native, origin);
  if (compiled.spec.stream === null) return members;
  return Object.assign(members, {
    stream: (...args: unknown[]): NativeStream<unknown, unknown> =>
      dispatcher.stream(origin, args, checkArguments(compiled, args)),
  });
}

/** @throws ArgumentError for options of streams on a function without chunks. */
function requireChunks(fn: DeclaredFunction, { onChunk, highWaterMark }: CallSettings): void {
  if (fn.compiled.spec.stream !== null || (onChunk === undefined && highWaterMark === undefined)) return;
  throw new ArgumentError(
    `Option \`${onChunk === undefined ? 'highWaterMark' : 'onChunk'}\` is for functions that stream chunks, but ${fn.name} ` +
      'declares no chunks: add a chunks(…) parameter, or `stream`, to its declaration.',
    { symbol: fn.name },
  );
}
