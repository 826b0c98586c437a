/** The typed function that a declaration defines. */
import type { CompiledFunction } from '../declare/compile/compile.js';
import type { StructArguments } from '../declare/memory/struct-arguments.js';
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
import { type SessionUse, keepForm } from './sessions/session-forms.js';
import type { NativeStream } from './streams/native-stream.js';

/** The members of every native function. `C` is the type of the chunks that it sends, `never` if it sends none. */
export interface CallableFunction<A extends readonly unknown[], R, C = never> {
  /**
   * Calls the function in a lane. Every failure, also of the arguments, rejects the returned call: nothing is thrown.
   */
  (...args: A): NativeCall<R>;
  /**
   * The same function with options for its calls, in addition to earlier options.
   * @throws ArgumentError naming the option that is wrong.
   */
  with(options: CallOptions<C>): NativeFunction<A, R, C>;
  /**
   * Calls the function and blocks this thread until the result is available. Inside a lane, the call runs in place.
   * Timeouts and deadlines apply; a signal is checked only before the start. Functions on the host must return
   * synchronously.
   * @throws the error with which an awaited call would reject; DeadlockError if the call would need this thread to make
   * progress.
   */
  blocking(...args: A): R;
}

/** The additional members of a native function that sends chunks. */
export interface StreamingFunction<A extends readonly unknown[], R, C> {
  /** Calls the function in a lane and streams its chunks. Every failure is reported by the stream. */
  stream(...args: A): NativeStream<C, R>;
}

/** A native function, typed by its declaration. */
export type NativeFunction<A extends readonly unknown[], R, C = never> = CallableFunction<A, R, C> &
  ([C] extends [never] ? unknown : StreamingFunction<A, R, C>);

const origins = new WeakMap<object, FunctionOrigin>();

/**
 * The origin of a native function; null for any other function. @throws ArgumentError for a native function of another
 * pool.
 */
export function originOn(dispatcher: CallDispatcher, native: unknown): FunctionOrigin | null {
  const origin = typeof native === 'function' ? (origins.get(native) ?? null) : null;
  if (origin === null || origin.dispatcher === dispatcher) return origin;
  throw new ArgumentError(
    'The function belongs to a library of another pool. Open the library on this pool.',
  );
}

/** Makes a function known by its origin. */
export function registerOrigin(native: object, origin: FunctionOrigin): void {
  origins.set(native, origin);
}

/** Creates the function that users call. @param use the session that it belongs to; null for none. */
export function nativeFunction(
  dispatcher: CallDispatcher,
  fn: DeclaredFunction,
  options: CallOptions<unknown> = {},
  use: SessionUse | null = null,
): NativeFunction<unknown[], unknown> {
  const { compiled } = fn;
  const { structs } = compiled;
  const settings = Object.keys(options).length === 0 ? NO_CALL_OPTIONS : callSettings(options);
  const origin = dispatcher.origin(fn, settings, use?.calls);
  const native = (...args: unknown[]): NativeCall<unknown> => {
    dispatcher.rouse();
    if (structs === null) return dispatcher.call(origin, args, checkArguments(compiled, args));
    const { passed, refusal } = converted(compiled, structs, args);
    return dispatcher.call(origin, passed, refusal);
  };
  Object.defineProperty(native, 'name', { value: fn.name });
  Object.defineProperty(native, 'length', { value: structs?.count ?? compiled.callerArguments.codes.length });
  const members: CallableFunction<unknown[], unknown, unknown> = Object.assign(native, {
    with: (more: CallOptions<unknown>) => {
      // Read once: a getter may return another value the next time.
      const given = givenCallOptions(more);
      requireChunks(fn, callSettings(given));
      return nativeFunction(dispatcher, fn, { ...options, ...given }, use) as never;
    },
    blocking: (...args: unknown[]): unknown => {
      dispatcher.rouse();
      const { passed, refusal } = converted(compiled, structs, args);
      if (refusal !== null) throw refusal;
      return dispatcher.block(origin, passed);
    },
  });
  registerOrigin(native, origin);
  keepForm(native, dispatcher, (session) => nativeFunction(dispatcher, fn, options, session));
  if (compiled.spec.stream === null) return members;
  return Object.assign(members, {
    stream: (...args: unknown[]): NativeStream<unknown, unknown> => {
      const { passed, refusal } = converted(compiled, structs, args);
      return dispatcher.stream(origin, passed, refusal);
    },
  });
}

/** What is passed on, with the bytes of structs in place of their values; and why it cannot be, or null. */
function converted(
  compiled: CompiledFunction,
  structs: StructArguments | null,
  args: readonly unknown[],
): { passed: readonly unknown[]; refusal: ArgumentError | null } {
  const passed = structs === null ? args : structs.pass(compiled, args);
  return passed instanceof ArgumentError
    ? { passed: args, refusal: passed }
    : { passed, refusal: checkArguments(compiled, passed) };
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
