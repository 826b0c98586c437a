/**
 * Asking an engine a question that it answers by throwing, in a program that runs
 * with `--abort-on-uncaught-exception`.
 *
 * V8 takes every exception that native code throws through Node-API for one
 * that is not caught, and ends the process before the `catch` around it is
 * reached. While an uncaught-exception capture callback is set, it does not;
 * that is the documented way to switch the flag off. The callback is never
 * called, since what is thrown here is caught, and nothing else runs meanwhile.
 */

const FLAG = /--abort[-_]on[-_]uncaught[-_]exception/;

/** As the program was started: both can be changed later, and V8 does not look again. */
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

/** @returns false where there is nothing to undo: the program has switched it off itself, or uses `node:domain`. */
function switchOff(): boolean {
  if (process.hasUncaughtExceptionCaptureCallback()) return false;
  try {
    process.setUncaughtExceptionCaptureCallback(() => {});
    return true;
  } catch {
    return false;
  }
}
