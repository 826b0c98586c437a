/**
 * Wrappers of the declaration language. They only mark: what is inside is
 * checked when the library is opened, where errors can name the function.
 */
import type { Inout, InoutType, Out, OutType } from './types.js';

/**
 * An out parameter: a cell that native code fills, such as the last parameter
 * of `int stat_size(const char *path, uint64_t *size)`. The caller does not
 * give it; the call resolves to `[returnValue, ...outs]`.
 *
 * @param type - any scalar, `'cstring'` for a `char **` that stays with the
 *   library, or `{ cstring: { free: 'symbol' } }` for one the caller releases.
 */
export function out<const T extends OutType>(type: T): Out<T> {
  return Object.freeze({ out: type });
}

/**
 * A parameter that the caller gives and native code changes. A scalar's new
 * value is among the outs of `[returnValue, ...outs]`; the bytes of `'buffer'`
 * are copied back into the caller's own buffer before the call settles.
 *
 * @param type - any scalar, or `'buffer'`.
 */
export function inout<const T extends InoutType>(type: T): Inout<T> {
  return Object.freeze({ inout: type });
}
