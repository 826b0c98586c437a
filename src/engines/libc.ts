/**
 * What is used of the C library, and its prototypes.
 *
 * ffi-rs may look symbols up on the host only, so the host binds every one of
 * these when it loads that engine, and a lane may bind any of them.
 */
import type { Prototype } from './engine.js';

/** The C functions that a lane may bind from `engine.libc()` on every engine. */
export type LibcSymbol = 'memmove' | 'memcpy' | 'strlen' | 'free' | '_exit';

/** Their prototypes. */
export const LIBC: { readonly [name in LibcSymbol]: Prototype } = {
  memmove: { arguments: ['pointer', 'pointer', 'u64'], returns: 'pointer' },
  memcpy: { arguments: ['pointer', 'pointer', 'u64'], returns: 'pointer' },
  strlen: { arguments: ['pointer'], returns: 'u64' },
  free: { arguments: ['pointer'], returns: 'void' },
  _exit: { arguments: ['i32'], returns: 'void' },
};
