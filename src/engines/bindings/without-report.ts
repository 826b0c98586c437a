/**
 * Loads a napi-rs package (ffi-rs) without Node's diagnostic report.
 *
 * The package's loader calls `process.report.getReport()` to distinguish glibc from musl. The report interrupts every
 * worker thread and waits for its answer: with a lane inside native code, the host would block until that call returns,
 * and for ever if it hangs. So while such a package is loaded, the report is replaced: the C library is that of the
 * Node.js binary.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Number of bytes at the start of an ELF file that contain the name of its loader. */
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

/** Runs `load` with a replacement of the report. */
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
