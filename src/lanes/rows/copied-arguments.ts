/**
 * Copies the bytes of a call that must wait when the call is made, so that native code sees the same bytes however busy
 * the lanes are. A thread lane works on this copy.
 *
 * Views over a SharedArrayBuffer stay live, as for a call that starts at once. Inout buffers are not copied: results
 * are written back into them, so they belong to the call until it settles.
 *
 * Guarantee: a copy in the arguments of a call is held by that call, until it ends.
 */
import { bytesOf, isAddress, isShared } from '../../declare/values/bytes.js';
import { HeldBytes } from '../../declare/values/held-bytes.js';
import { copyOfTexts } from '../../declare/values/text-list.js';
import type { Slabs } from '../memory/slabs.js';
import type { DeclaredFunction } from './declared-function.js';
import { INLINE_LIMIT } from './pack.js';
import { type ValueRows, valueRows } from './value-rows.js';

/**
 * The arguments, with a copy in place of every buffer that may change under a waiting call.
 * @param shared whether lanes share memory with this thread.
 */
export function snapshot(
  fn: DeclaredFunction,
  args: readonly unknown[],
  slabs: Slabs,
  shared: boolean,
): readonly unknown[] {
  if (fn.module !== null) return (valueRows.use as ValueRows).snapshot(args, fn.takesFunctions, shared);
  const { params } = fn.compiled.spec;
  return args.map((value, given) => {
    const param = params[fn.compiled.callerArguments.positions[given] as number];
    if (param?.kind === 'cstrings') return copyOfTexts(value);
    if (param?.kind !== 'buffer' || param.inout || isAddress(value) || isShared(value)) return value;
    if (HeldBytes.is(value) && value.inPlace) return value;
    const bytes = bytesOf(value);
    return bytes.byteLength > INLINE_LIMIT ? slabs.copyOf(bytes).hold() : new Uint8Array(bytes);
  });
}

/** Tells the bytes of a call that it has ended, so that its arguments are dropped. */
export function endBytes(args: readonly unknown[]): void {
  for (const value of args) if (HeldBytes.is(value)) value.callEnded();
}
