/**
 * Ends the process at once, with its own exit code, even while a thread is
 * stuck in native code. Node would wait for that thread, since `process.exit()`
 * joins its workers. Node would also tear down threads that native code calls
 * from threads of its own, which aborts the process.
 *
 *   process.exit()   ─► exit listeners ─► reallyExit: guarded
 *   end of the loop  ─► exit listeners; `onExit` runs the listeners after itself
 *   uncaught error   ─► `onFatal` ─► the same
 *
 * If a pool holds up the process, libc's `_exit` ends it there; otherwise Node
 * does. An error thrown by an exit listener goes where Node sends it: to the
 * caller of `process.exit()`, to the listeners of `uncaughtException`, or it
 * ends the process. Only in the last case `onFatal` calls `_exit`, where Node
 * would end the process directly afterwards.
 */
import type { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { builtinModule, setImmediate } from '../../builtins.js';
import { exitNow, flushStreams } from '../../engines/system/exit-now.js';
import { keepsThreads } from '../../lanes/thread/kept-threads.js';

/** A part that may hold up the end of the process. */
export interface Holder {
  /** Whether one of its threads is in a native call now. */
  holdsProcess(): boolean;
  /** Whether a thread of native code may call back to one of its threads. */
  hearsThreads(): boolean;
}

/** Exit codes of Node.js for an uncaught error, and for an error thrown by a listener for uncaught errors. */
const UNCAUGHT = 1;
const LISTENER_THREW = 7;

/** Undocumented members of `process`: `process.exit()` always ends in `reallyExit`, even without an `exit` event. */
interface ExitingProcess {
  reallyExit: (code?: number) => void;
  /** Whether the `exit` event has been emitted, or is being emitted. */
  readonly _exiting?: boolean;
}

const exiting = process as unknown as ExitingProcess;
const emitter: EventEmitter = process;
const holders = new Set<Holder>();
let watching = false;
let reallyExit: ExitingProcess['reallyExit'] | null = null;
/** The uncaught error that ends the process. */
let fatal: { readonly error: unknown } | null = null;
/** The event loop has reached its end, without activity since. */
let atEnd = false;

const isStuck = (): boolean => [...holders].some((holder) => holder.holdsProcess());
const mayNotTearDown = (): boolean =>
  keepsThreads() || [...holders].some((holder) => holder.holdsProcess() || holder.hearsThreads());

const isHandled = (): boolean =>
  process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();

function end(status: unknown): never {
  // Node and C would do this at exit. While a thread is stuck in native code, C's streams may be locked.
  if (!isStuck()) {
    if (process.env['NODE_V8_COVERAGE'] !== undefined) builtinModule('node:v8').takeCoverage();
    flushStreams();
  }
  exitNow(Number(status));
}

/** The listeners of an event that follow one of ours. */
function listenersAfter(event: string, own: (...args: never[]) => void): ((...args: unknown[]) => void)[] {
  const listeners = emitter.rawListeners(event) as ((...args: unknown[]) => void)[];
  return listeners.slice(listeners.indexOf(own as (...args: unknown[]) => void) + 1);
}

function onFatal(error: unknown): void {
  if (isHandled()) return;
  fatal = { error };
  // Thrown by an exit listener, so there is no further exit event.
  if (exiting._exiting !== true || !mayNotTearDown()) return;
  try {
    for (const listener of listenersAfter('uncaughtExceptionMonitor', onFatal)) {
      Reflect.apply(listener, process, [error, 'uncaughtException']);
    }
  } catch (thrown) {
    fatal = { error: thrown };
  }
  reportFatal(fatal.error);
  end(process.exitCode ?? UNCAUGHT);
}

function onBeforeExit(): void {
  atEnd = true;
  setImmediate(() => {
    atEnd = false;
  }).unref();
}

/**
 * Writes Node's report of an uncaught error, in Node's form: Node writes it after
 * the exit listeners, so ending the process in a listener would lose it.
 */
function reportFatal(error: unknown): void {
  try {
    writeSync(2, `Uncaught:\n${inspect(error)}\n\nNode.js ${process.version}\n`);
  } catch {
    // Standard error is closed.
  }
}

function onExit(code: number): void {
  if (!mayNotTearDown()) return;
  try {
    for (const listener of listenersAfter('exit', onExit)) Reflect.apply(listener, process, [code]);
  } catch (error) {
    // After an uncaught error, Node ignores errors of exit listeners.
    if (fatal === null) {
      if (!atEnd || !isHandled()) throw error;
      tellListeners(error);
    }
  }
  if (fatal !== null) reportFatal(fatal.error);
  end(process.exitCode ?? code);
}

/** At the end of the event loop, Node passes an exit listener's error to the listeners for uncaught errors, and ends the process in any case. */
function tellListeners(error: unknown): void {
  try {
    emitter.emit('uncaughtExceptionMonitor', error, 'uncaughtException');
    emitter.emit('uncaughtException', error, 'uncaughtException');
  } catch (thrown) {
    fatal = { error: thrown };
    process.exitCode = LISTENER_THREW;
  }
}

function guardReallyExit(): void {
  if (reallyExit !== null) return;
  const original = exiting.reallyExit;
  reallyExit = original;
  exiting.reallyExit = (code) => {
    if (mayNotTearDown()) end(code ?? process.exitCode ?? 0);
    original.call(process, code);
  };
}

/** Guards the process's exit for a pool's threads, until `unwatchExit`. Only on the main thread: in a worker, `_exit` would end the whole process. */
export function watchExit(holder: Holder): void {
  if (!isMainThread) return;
  guardReallyExit();
  holders.add(holder);
  if (watching) return;
  watching = true;
  process.on('uncaughtExceptionMonitor', onFatal).on('beforeExit', onBeforeExit);
  // Prepended: a listener before it that throws would keep it from being called.
  process.prependListener('exit', onExit);
}

/** The pool's threads have ended. */
export function unwatchExit(holder: Holder): void {
  if (!holders.delete(holder) || holders.size > 0 || keepsThreads()) return;
  watching = false;
  process.off('exit', onExit).off('uncaughtExceptionMonitor', onFatal).off('beforeExit', onBeforeExit);
}
