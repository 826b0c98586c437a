/**
 * Copies the bytes of a call that must wait when the call is made, so that native code sees the same bytes however busy
 * the lanes are.
 *
 * Views over a SharedArrayBuffer stay live, as for a call that starts at once. Inout buffers are not copied: results
 * are written back into them, so they belong to the call until it settles.
 */
import { bytesOf, isShared } from '../../declare/values/bytes.js';
import type { DeclaredFunction } from './declared-function.js';

/** The arguments, with a copy in place of every buffer that may change under a waiting call. */
export function snapshot(fn: DeclaredFunction, args: readonly unknown[]): readonly unknown[] {
  const { params } = fn.compiled.spec;
  return args.map((value, given) => {
    const param = params[fn.compiled.callerArguments.positions[given] as number];
    if (param?.kind !== 'buffer' || param.inout || isShared(value)) return value;
    // Ordinary memory: shared memory would stay until the lane collects its garbage.
    return new Uint8Array(bytesOf(value));
  });
}
