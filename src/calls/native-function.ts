/** Typed functions: what a declaration becomes. */
import { checkArguments } from '../declare/validate.js';
import type { ArgumentError } from '../errors.js';
import type { DeclaredFunction } from '../lanes/declared-function.js';
import {
  type CallOptions,
  type CallSettings,
  type Deadline,
  NO_CALL_OPTIONS,
  callSettings,
} from '../options.js';
import type { CallLimits, NativeCall } from './call.js';

/** A native function, typed by its declaration. */
export interface NativeFunction<A extends readonly unknown[], R> {
  /** Calls it in a lane. Every failure is a rejection of the returned call. */
  (...args: A): NativeCall<R>;
  /**
   * The same function with options for its calls; options given before are kept.
   * @throws ArgumentError naming the option that is wrong.
   */
  with(options: CallOptions): NativeFunction<A, R>;
  /**
   * Calls it and blocks this thread until it is answered. Inside a lane it runs
   * in place. Timeouts and deadlines hold; a signal can only be seen before it starts.
   */
  blocking(...args: A): R;
}

/** Where the calls of a function go. */
export interface Dispatcher {
  limits(settings: CallSettings): CallLimits;
  call(
    fn: DeclaredFunction,
    args: readonly unknown[],
    limits: CallLimits,
    deadline: Deadline,
    refusal: ArgumentError | null,
  ): NativeCall<unknown>;
  block(fn: DeclaredFunction, args: readonly unknown[], limits: CallLimits, deadline: Deadline): unknown;
}

/** Makes the function for users. */
export function nativeFunction(
  dispatcher: Dispatcher,
  fn: DeclaredFunction,
  options: CallOptions = {},
): NativeFunction<unknown[], unknown> {
  const { compiled } = fn;
  const settings = Object.keys(options).length === 0 ? NO_CALL_OPTIONS : callSettings(options);
  const limits = dispatcher.limits(settings);
  const { deadline } = settings;
  const native = (...args: unknown[]): NativeCall<unknown> =>
    dispatcher.call(fn, args, limits, deadline, checkArguments(compiled, args));
  Object.defineProperty(native, 'name', { value: fn.name });
  Object.defineProperty(native, 'length', { value: compiled.given.codes.length });
  return Object.assign(native, {
    with: (more: CallOptions) => {
      callSettings(more);
      return nativeFunction(dispatcher, fn, { ...options, ...more });
    },
    blocking: (...args: unknown[]): unknown => {
      const refusal = checkArguments(compiled, args);
      if (refusal !== null) throw refusal;
      return dispatcher.block(fn, args, limits, deadline);
    },
  });
}
