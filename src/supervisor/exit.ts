/**
 * Ends the process at once, with its own exit code, even while a thread is
 * stuck in native code. Node would wait for that thread: `process.exit()` joins
 * its workers.
 *
 * On `exit` of the main thread, if a lane of any pool is inside a native call,
 * the exit listeners that come after this one are run here, and then libc's
 * `_exit` ends the process. With nothing stuck, Node goes its own way.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { exitNow } from '../engines/exit.js';

/** Something that may hold the process up. */
export interface Holder {
  /** Whether a thread of it is in a native call right now. */
  holdsProcess(): boolean;
}

const holders = new Set<Holder>();
/** What is ending the process, where an uncaught error is. */
let fatal: { readonly error: unknown } | null = null;

function onFatal(error: unknown): void {
  const handled =
    process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
  if (!handled) fatal = { error };
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
  if (![...holders].some((holder) => holder.holdsProcess())) return;
  let status = code;
  const listeners = process.rawListeners('exit');
  const rest = listeners.slice(listeners.indexOf(onExit) + 1);
  for (const listener of rest) {
    try {
      Reflect.apply(listener, process, [status]);
      status = Number(process.exitCode ?? status);
    } catch (error) {
      // What Node does when an exit listener throws.
      fatal = { error };
      status = 7;
    }
  }
  if (fatal !== null) reportFatal(fatal.error);
  exitNow(status);
}

/**
 * `process.exit()` ends in this, also when it is called inside an exit listener,
 * where no further `exit` event comes.
 */
interface ExitingProcess {
  reallyExit: (code?: number) => void;
}

const exiting = process as unknown as ExitingProcess;
let reallyExit: ExitingProcess['reallyExit'] | null = null;

function guardReallyExit(): void {
  if (reallyExit !== null) return;
  const original = exiting.reallyExit;
  reallyExit = original;
  exiting.reallyExit = (code) => {
    if ([...holders].some((holder) => holder.holdsProcess())) exitNow(Number(code ?? process.exitCode ?? 0));
    original.call(process, code);
  };
}

/** Watches over a pool's threads at the process's exit, until `unwatchExit`. Only on the main thread: elsewhere `_exit` would end too much. */
export function watchExit(holder: Holder): void {
  if (!isMainThread) return;
  guardReallyExit();
  if (holders.size === 0) process.on('exit', onExit).on('uncaughtExceptionMonitor', onFatal);
  holders.add(holder);
}

/** The pool's threads have ended. */
export function unwatchExit(holder: Holder): void {
  if (holders.delete(holder) && holders.size === 0) {
    process.off('exit', onExit).off('uncaughtExceptionMonitor', onFatal);
  }
}
