/**
 * Ends the process at once, with its own exit code, even while a thread is
 * stuck in native code. Node would wait for that thread: `process.exit()` joins
 * its workers. It would also take down the threads that native code calls back
 * to from a thread of its own, which aborts the process.
 *
 *   process.exit()   ─► exit listeners ─► reallyExit: guarded
 *   end of the loop  ─► exit listeners, of which `onExit` runs those after it
 *   uncaught error   ─► `onFatal` ─► the same
 *
 * Where something holds the process up, libc's `_exit` ends it there; with
 * nothing of that, Node goes its own way. What an exit listener throws goes
 * where Node lets it go: to the caller of `process.exit()`, to the listeners of
 * `uncaughtException`, or to the end. Only the end is ours, in `onFatal`:
 * Node ends the process straight after it.
 */
import type { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { takeCoverage } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { setImmediate } from '../../builtins.js';
import { exitNow, flushStreams } from '../../engines/system/exit-now.js';
import { keepsThreads } from '../../lanes/thread/detach.js';

/** Something that may hold the process up. */
export interface Holder {
  /** Whether a thread of it is in a native call right now. */
  holdsProcess(): boolean;
  /** Whether native code may call back to a thread of it from a thread of its own. */
  hearsThreads(): boolean;
}

/** What Node.js ends with when nobody has said what, and when a listener for uncaught errors throws itself. */
const UNCAUGHT = 1;
const LISTENER_THREW = 7;

/** Of `process`, and not documented: every end by `process.exit()` is one of this, also where no `exit` event comes. */
interface ExitingProcess {
  reallyExit: (code?: number) => void;
  /** The `exit` event has been or is being told. */
  readonly _exiting?: boolean;
}

const exiting = process as unknown as ExitingProcess;
const emitter: EventEmitter = process;
const holders = new Set<Holder>();
let watching = false;
let reallyExit: ExitingProcess['reallyExit'] | null = null;
/** What is ending the process, where an uncaught error is. */
let fatal: { readonly error: unknown } | null = null;
/** The event loop has come to its end, and nothing has happened since. */
let atEnd = false;

const isStuck = (): boolean => [...holders].some((holder) => holder.holdsProcess());
const mayNotTearDown = (): boolean =>
  keepsThreads() || [...holders].some((holder) => holder.holdsProcess() || holder.hearsThreads());

const isHandled = (): boolean =>
  process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();

function end(status: unknown): never {
  // What Node and C write at their end. With a thread stuck in native code C's streams may be locked.
  if (!isStuck()) {
    if (process.env['NODE_V8_COVERAGE'] !== undefined) takeCoverage();
    flushStreams();
  }
  exitNow(Number(status));
}

/** Those that an event would come to after one of ours. */
function listenersAfter(event: string, own: (...args: never[]) => void): ((...args: unknown[]) => void)[] {
  const listeners = emitter.rawListeners(event) as ((...args: unknown[]) => void)[];
  return listeners.slice(listeners.indexOf(own as (...args: unknown[]) => void) + 1);
}

function onFatal(error: unknown): void {
  if (isHandled()) return;
  fatal = { error };
  // No exit event comes any more: an exit listener has thrown this.
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
 * Node reports an uncaught error after the exit listeners, so ending the
 * process in one would swallow the report. This is Node's, in its form; the
 * library has nothing to say itself.
 */
function reportFatal(error: unknown): void {
  try {
    writeSync(2, `Uncaught:\n${inspect(error)}\n\nNode.js ${process.version}\n`);
  } catch {
    // Nobody reads it.
  }
}

function onExit(code: number): void {
  if (!mayNotTearDown()) return;
  try {
    for (const listener of listenersAfter('exit', onExit)) Reflect.apply(listener, process, [code]);
  } catch (error) {
    // After an uncaught error Node takes no notice of it.
    if (fatal === null) {
      if (!atEnd || !isHandled()) throw error;
      tellListeners(error);
    }
  }
  if (fatal !== null) reportFatal(fatal.error);
  end(process.exitCode ?? code);
}

/** At the end of the event loop Node tells them of what an exit listener threw, and ends the process whatever they do. */
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

/** Watches over a pool's threads at the process's exit, until `unwatchExit`. Only on the main thread: elsewhere `_exit` would end too much. */
export function watchExit(holder: Holder): void {
  if (!isMainThread) return;
  guardReallyExit();
  holders.add(holder);
  if (watching) return;
  watching = true;
  process.on('uncaughtExceptionMonitor', onFatal).on('beforeExit', onBeforeExit);
  // First: one before it that throws would keep it from being called.
  process.prependListener('exit', onExit);
}

/** The pool's threads have ended. */
export function unwatchExit(holder: Holder): void {
  if (!holders.delete(holder) || holders.size > 0 || keepsThreads()) return;
  watching = false;
  process.off('exit', onExit).off('uncaughtExceptionMonitor', onFatal).off('beforeExit', onBeforeExit);
}
