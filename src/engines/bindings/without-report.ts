/**
 * Loading a napi-rs package (ffi-rs) without Node's diagnostic report.
 *
 * Its loader asks `process.report.getReport()` whether this is glibc or musl,
 * and the report interrupts every worker thread and waits for its answer: with
 * a lane inside native code the host would stand still until that call returns,
 * for ever if it hangs. So while such a package is loaded, the question is
 * answered here: the C library is that of the Node.js binary.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes at the start of an ELF file in which the name of its loader stands. */
const HEAD_BYTES = 4_096;

function isMusl(): boolean {
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const file = openSync(process.execPath, 'r');
    try {
      readSync(file, head, 0, HEAD_BYTES, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return head.includes('/ld-musl-');
}

/** Runs `load` with an answer to that question in place of the report. */
export function withoutReport<R>(load: () => R): R {
  const { report } = process;
  const own = Object.getOwnPropertyDescriptor(report, 'getReport');
  if (process.platform !== 'linux' || own?.configurable !== true) return load();
  const header = { glibcVersionRuntime: isMusl() ? undefined : 'of the Node.js binary' };
  Object.defineProperty(report, 'getReport', { ...own, value: () => ({ header, sharedObjects: [] }) });
  try {
    return load();
  } finally {
    Object.defineProperty(report, 'getReport', own);
  }
}
