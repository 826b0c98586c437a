/**
 * What the pool itself takes of a call: the same load on `abs` of the C library, which returns at once and makes no
 * system call. It is declared with the parameters of the measured function and gets the same arguments, which it
 * ignores: so what copying them takes is part of it. (C passes them in registers and on the caller's stack; a function
 * that takes fewer does not notice.)
 */
import type { Pool } from 'offthread';
import { type AnyFunction, openTarget } from '../../target/open-target.js';
import type { Target } from '../../target/target-options.js';

/** The function that stands for one that does nothing. */
export const NO_OP = 'abs';

const C_LIBRARY = process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libc.so.6';
/** The declaration language of parameters that a caller gives. */
const WORDS = { cstring: 'cstring', buffer: 'buffer' } as const;

/** Opens the function that does nothing, for the arguments of a target; null where that cannot be. */
export async function openNoOp(pool: Pool, target: Target): Promise<AnyFunction | null> {
  const parameters = target.description.parameters.map(({ kind, type, changes }) => {
    if (kind === 'value') return type;
    if (kind === 'out') return { out: type };
    if (kind === 'inout') return { inout: type };
    if (kind === 'buffer' && changes) return { inout: 'buffer' };
    return kind === 'cstring' || kind === 'buffer' ? WORDS[kind] : undefined;
  });
  // Callbacks and what offthread fills in have no value that could be ignored; a string that is filled is read.
  const skipped = target.description.parameters.some(
    ({ kind, type }, at) => parameters[at] === undefined || (kind === 'out' && type === 'cstring'),
  );
  if (skipped) return null;
  const declaration = { symbol: NO_OP, arguments: parameters, return: 'i32' };
  const description = { ...target.description, symbol: NO_OP };
  try {
    return (await openTarget(pool, { ...target, library: C_LIBRARY, declaration, description })).fn;
  } catch {
    // Another C library, or one by another name: the run goes without.
    return null;
  }
}
