/**
 * Ends the process at once, with a thread still stuck in native code:
 * `process.exit()` waits for that thread, libc's `_exit` does not.
 */
import { EngineError } from '../../errors.js';
import type { Engine, NativeFunction } from '../engine.js';
import { LIBC } from './libc.js';

let exit: NativeFunction | null = null;
let flush: NativeFunction | null = null;

/**
 * Binds `_exit` and `fflush`, once, through an engine of this environment. Do it when the
 * engine is loaded: a symbol looked up in ffi-rs while other threads are in
 * its calls corrupts memory.
 */
export function prepareExit(engine: Engine): void {
  exit ??= engine.libc().bind('_exit', LIBC._exit);
  flush ??= engine.libc().bind('fflush', LIBC.fflush);
}

/** Flushes C's streams. Waits for threads that use a stream, so do not call it if a thread may be stuck. */
export function flushStreams(): void {
  flush?.(0n);
}

/**
 * Ends the process with `code`: no handlers, no flushing, no waiting.
 * @throws EngineError when `prepareExit` was not called before.
 */
export function exitNow(code: number): never {
  if (exit === null)
    throw new EngineError('exitNow() was called before prepareExit(): no engine has bound _exit().');
  exit(code);
  throw new EngineError('_exit() returned, which must not happen.');
}
