/**
 * The used functions of the C library, and their prototypes.
 *
 * ffi-rs may look symbols up on the host only, so the host binds every one of
 * these when it loads that engine, and a lane may bind any of them.
 */
import type { Prototype } from '../engine.js';

/** The C functions that a lane may bind from `engine.libc()` on every engine. */
export type LibcSymbol =
  | 'memmove'
  | 'memcpy'
  | 'strlen'
  | 'free'
  | '_exit'
  | 'fflush'
  | 'dlopen'
  | 'dlsym'
  | 'dlclose'
  | 'dlerror';

/** Their prototypes. */
export const LIBC: { readonly [name in LibcSymbol]: Prototype } = {
  memmove: { arguments: ['pointer', 'pointer', 'u64'], returns: 'pointer' },
  memcpy: { arguments: ['pointer', 'pointer', 'u64'], returns: 'pointer' },
  strlen: { arguments: ['pointer'], returns: 'u64' },
  free: { arguments: ['pointer'], returns: 'void' },
  _exit: { arguments: ['i32'], returns: 'void' },
  fflush: { arguments: ['pointer'], returns: 'i32' },
  dlopen: { arguments: ['pointer', 'i32'], returns: 'pointer' },
  dlsym: { arguments: ['pointer', 'pointer'], returns: 'pointer' },
  dlclose: { arguments: ['pointer'], returns: 'i32' },
  dlerror: { arguments: [], returns: 'pointer' },
};

/**
 * System calls for process lanes (see `system-calls.ts`), bound on demand, on the thread that may look up symbols. Not
 * every system has all of them.
 */
export type SystemSymbol =
  | 'mmap'
  | 'munmap'
  | 'poll'
  | 'memfd_create'
  | 'posix_fallocate'
  | 'fallocate'
  | 'prctl'
  | 'madvise'
  | 'signal'
  | 'close'
  | 'fcntl'
  | 'waitid';

export const SYSTEM: { readonly [name in SystemSymbol]: Prototype } = {
  mmap: { arguments: ['pointer', 'u64', 'i32', 'i32', 'i32', 'i64'], returns: 'u64' },
  munmap: { arguments: ['pointer', 'u64'], returns: 'i32' },
  poll: { arguments: ['pointer', 'u64', 'i32'], returns: 'i32' },
  memfd_create: { arguments: ['pointer', 'u32'], returns: 'i32' },
  posix_fallocate: { arguments: ['i32', 'i64', 'i64'], returns: 'i32' },
  fallocate: { arguments: ['i32', 'i32', 'i64', 'i64'], returns: 'i32' },
  waitid: { arguments: ['i32', 'i32', 'pointer', 'i32'], returns: 'i32' },
  madvise: { arguments: ['pointer', 'u64', 'i32'], returns: 'i32' },
  signal: { arguments: ['i32', 'pointer'], returns: 'pointer' },
  fcntl: { arguments: ['i32', 'i32', 'i32'], returns: 'i32' },
  close: { arguments: ['i32'], returns: 'i32' },
  prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
};
