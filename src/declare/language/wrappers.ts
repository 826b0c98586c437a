/**
 * Wrappers of the declaration language. They only mark: what is inside is
 * checked when the library is opened, where errors can name the function.
 */
import type {
  Callback,
  CallbackArgument,
  CallbackOptions,
  CallbackReturn,
  CallbackSignature,
  Chunks,
  ChunksOptions,
  Inout,
  InoutType,
  Optional,
  Out,
  OutType,
} from './types.js';

/**
 * An out parameter: a cell that native code fills, such as the last parameter
 * of `int stat_size(const char *path, uint64_t *size)`. The caller does not
 * give it; the call resolves to `[returnValue, ...outs]`.
 *
 * @param type - any scalar, `'cstring'` for a `char **` that stays with the
 *   library, or `{ cstring: { free: 'symbol' } }` for one the caller releases.
 * @param options - with `optional: true`, the caller passes true, or null to leave the parameter out: native code gets
 *   NULL then, and the out is null.
 */
export function out<const T extends OutType>(type: T): Out<T>;
export function out<const T extends OutType>(type: T, options: Optional): Out<T> & Optional;
export function out<const T extends OutType>(type: T, options?: Optional): Out<T> {
  return Object.freeze(options === undefined ? { out: type } : { out: type, ...options });
}

/**
 * A parameter that the caller gives and native code changes. A scalar's new
 * value is among the outs of `[returnValue, ...outs]`; the bytes of `'buffer'`
 * are copied back into the caller's own buffer before the call settles.
 *
 * @param type - any scalar, or `'buffer'`.
 * @param options - with `optional: true`, the caller may pass null for a scalar: native code gets NULL then, and the out
 *   is null. Bytes may always be null.
 */
export function inout<const T extends InoutType>(type: T): Inout<T>;
export function inout<const T extends InoutType>(type: T, options: Optional): Inout<T> & Optional;
export function inout<const T extends InoutType>(type: T, options?: Optional): Inout<T> {
  return Object.freeze(options === undefined ? { inout: type } : { inout: type, ...options });
}

/** No key but those of `Known`: inferred options would otherwise take any. */
type Only<O, Known> = { readonly [K in Exclude<keyof O, keyof Known>]: never };

/** Options left out. */
interface NoOptions {
  /** No argument becomes bytes. */
  readonly bytes?: never;
}

/**
 * A parameter for which the caller gives a JavaScript function, `persistent(fn)`,
 * or null for NULL. The function runs on the thread that made the call, and may
 * be async; native code waits for its value.
 *
 * @param signature - the callback's C prototype.
 */
export function callback<const A extends readonly CallbackArgument[], R extends CallbackReturn>(
  signature: CallbackSignature<A, R>,
): Callback<A, R, NoOptions>;
export function callback<
  const A extends readonly CallbackArgument[],
  R extends CallbackReturn,
  const O extends CallbackOptions<R>,
>(signature: CallbackSignature<A, R>, options: O & Only<O, CallbackOptions>): Callback<A, R, O>;
export function callback(signature: CallbackSignature, options?: CallbackOptions): Callback {
  return Object.freeze({ callback: Object.freeze({ signature, options }) });
}

/**
 * A callback through which native code hands out chunks, such as the rows of
 * `sqlite3_exec`. The caller does not give it, but reads the chunks of
 * `fn.stream(...)`; native code waits where they are not read.
 *
 * @param signature - the callback's C prototype.
 */
export function chunks<const A extends readonly CallbackArgument[], R extends CallbackReturn>(
  signature: CallbackSignature<A, R>,
): Chunks<A, R, NoOptions>;
export function chunks<
  const A extends readonly CallbackArgument[],
  R extends CallbackReturn,
  const O extends ChunksOptions<R>,
>(signature: CallbackSignature<A, R>, options: O & Only<O, ChunksOptions>): Chunks<A, R, O>;
export function chunks(signature: CallbackSignature, options?: ChunksOptions): Chunks {
  return Object.freeze({ chunks: Object.freeze({ signature, options }) });
}
