/**
 * Runs code that may throw from native code, in a program that runs with `--abort-on-uncaught-exception`.
 *
 * V8 treats every exception that native code throws through Node-API as uncaught, and aborts the process before the
 * surrounding `catch` is reached. It does not while an uncaught-exception capture callback is set; this is the
 * documented way to disable the flag. The callback is never called, because errors thrown here are caught, and no other
 * code runs in the meantime.
 */

const FLAG = /--abort[-_]on[-_]uncaught[-_]exception/;

/** Read at the start: both can be changed later, which has no effect on V8. */
const aborts: boolean = FLAG.test(`${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`);

/** Runs code that can throw out of native code, so that the exception arrives here with any flags. */
export function withoutAbort<R>(run: () => R): R {
  if (!aborts || !switchOff()) return run();
  try {
    return run();
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
}

/** @returns false if there is nothing to undo: the program has disabled the flag itself, or uses `node:domain`. */
function switchOff(): boolean {
  if (process.hasUncaughtExceptionCaptureCallback()) return false;
  try {
    process.setUncaughtExceptionCaptureCallback(() => {});
    return true;
  } catch {
    return false;
  }
}
