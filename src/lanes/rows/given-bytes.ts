/** The bytes that native code was given, after it has returned or when it has not run. */
import { bytesOf, isAddress, isShared, isUsableBytes } from '../../declare/values/bytes.js';
import { CopiedBytes, HeldBytes } from '../../declare/values/held-bytes.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { Op } from '../../shared/memory/payload.js';
import type { ExternalMemory } from '../memory/external-memory.js';
import type { DeclaredFunction } from './declared-function.js';
import { EXTERNAL, NOT_LENT, type Place } from './pack.js';

/** Every buffer got its bytes back. */
export const ALL_BACK = -1;

/** The bytes given for each argument, in order: in the arena, or outside it; undefined for arguments without bytes. */
function givenBytes(
  memory: LaneMemory,
  places: readonly Place[],
  fn: DeclaredFunction,
  externals: readonly HeldBytes[],
): (Uint8Array | HeldBytes | undefined)[] {
  let next = 0;
  let at = 0;
  return fn.compiled.callerArguments.positions.map((index) => {
    const op = fn.plan.ops[index];
    if (op !== Op.BUFFER && op !== Op.CSTRING && op !== Op.CSTRINGS) return undefined;
    const place = places[at] as number;
    const length = places[at + 1] as number;
    at += 2;
    if (place === NOT_LENT) return undefined;
    if (place !== EXTERNAL) return memory.bytes.subarray(place, place + length);
    next += 1;
    return externals[next - 1];
  });
}

/**
 * Copies bytes back into the caller's buffers after native code has run: into inout buffers, and into
 * SharedArrayBuffers of which the lane had a copy.
 * @returns index of the first argument that was detached or shrunk in the meantime, or {@link ALL_BACK}.
 */
export function copyBack(
  memory: LaneMemory,
  places: readonly Place[],
  fn: DeclaredFunction,
  args: readonly unknown[],
  externals: readonly HeldBytes[],
  { lendsShared }: Pick<ExternalMemory, 'lendsShared'>,
): number {
  let lost = ALL_BACK;
  const all = givenBytes(memory, places, fn, externals);
  fn.compiled.callerArguments.positions.forEach((index, argument) => {
    const param = fn.compiled.spec.params[index];
    const value = args[argument];
    const given = all[argument];
    if (param?.kind !== 'buffer' || isAddress(value)) return;
    const shared = isShared(value);
    if (shared ? lendsShared || given === undefined : !param.inout) return;
    // Native code has worked on the value itself.
    if (given === value) return;
    const source = HeldBytes.is(given) ? given.bytes : given;
    const target = isUsableBytes(value) ? bytesOf(value) : undefined;
    if (source !== undefined && target !== undefined && source.byteLength <= target.byteLength) {
      target.set(source);
    } else if (lost === ALL_BACK) lost = argument;
  });
  return lost;
}

/**
 * The arguments of a call that a lane returns without having run it, with the original bytes: the caller's buffers may
 * have changed since. Live (shared) memory and inout buffers are the caller's current ones.
 */
export function lentArguments(
  memory: LaneMemory,
  places: readonly Place[],
  fn: DeclaredFunction,
  args: readonly unknown[],
  externals: readonly HeldBytes[],
): readonly unknown[] {
  if (!fn.plan.hasData) return args;
  const all = givenBytes(memory, places, fn, externals);
  return args.map((value, argument) => {
    const param = fn.compiled.spec.params[fn.compiled.callerArguments.positions[argument] as number];
    if (param?.kind !== 'buffer' || param.inout || isAddress(value) || isShared(value)) return value;
    const given = all[argument];
    if (given === undefined || given === value) return value;
    // Held by the call from now on, see `copied-arguments.ts`.
    if (given instanceof CopiedBytes) return given.hold();
    return new Uint8Array(HeldBytes.is(given) ? given.bytes : given);
  });
}
